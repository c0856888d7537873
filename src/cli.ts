// The command line's composition root: the same service without VS Code.
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import packageJson from '../package.json';
import { redact } from './base/secret';
import { helpText, readArguments } from './server/arguments';
import { check } from './server/check';
import { give } from './server/output';
import { readConfiguration, type Command, type Configuration } from './server/options';
import { serve, type Program } from './server/serve';
import { status } from './server/status';

const { version } = packageJson;
const program: Program = { version, pages: path.join(__dirname, 'server') };

const commands: Readonly<Record<Command, (configuration: Configuration) => Promise<number>>> = {
  serve: async (configuration) => await serve(configuration, program),
  check,
  status,
};

// V8 takes what the first, crowded moments hold for long-lived, and would from then on collect every request the dear way.
setFlagsFromString('--no-allocation-site-pretenuring');

async function main(): Promise<number> {
  // A pipe that closes (`| head -5`) must not end the proxy: later lines are dropped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const read = readArguments(process.argv.slice(2), process.env);
  switch (read.kind) {
    case 'help':
    case 'version':
      process.stdout.write(read.kind === 'help' ? helpText() : `${version}\n`);
      return 0;
    case 'bad':
      return give(2, read.problem);
    case 'run': {
      const configured = readConfiguration(read.given, read.command);
      if (configured.kind === 'bad') return give(2, ...configured.problems);
      return await commands[read.command](configured.configuration);
    }
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.exit(give(70, redact(text)));
  },
);
