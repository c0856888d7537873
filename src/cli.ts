// The command line's composition root: runs the same service without VS Code.
import path from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import packageJson from '../package.json';
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

// By default V8 takes objects of requests for long-lived after the busy start, and then collects each at a higher cost.
setFlagsFromString('--no-allocation-site-pretenuring');

/** The limit for V8's young generation: two halves of 8 MB. */
const mostYoungBytes = 16 * 1024 * 1024;

/** Limits the young generation, which V8 else doubles to 32 MB on Node 20, further on later versions: requests get no cheaper. */
function boundYoungGeneration(): void {
  let growth = 2;
  new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    const wanted = (young?.space_size ?? 0) < mostYoungBytes ? 2 : 1;
    if (wanted !== growth) setFlagsFromString(`--semi-space-growth-factor=${wanted}`);
    growth = wanted;
  }).observe({ entryTypes: ['gc'] });
}

boundYoungGeneration();

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
    process.exit(give(70, text));
  },
);
