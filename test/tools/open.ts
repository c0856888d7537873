/** Entry of `npm run vscode`: the extension in the desktop's VS Code, else in a server for the browser. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ensureCodeServer } from './codeServer';
import { CodeServerProcess } from './codeServerProcess';
import { runCommand } from './command';
import { checkoutFolder } from './paths';
import { reported, reportToStderr } from './progress';
import { Sandbox } from './sandbox';

const checkout = checkoutFolder();

async function main(): Promise<void> {
  const code = onPath('code');
  if (code) {
    await npmRun('build');
    await runCommand(code, [`--extensionDevelopmentPath=${checkout}`]);
    console.log('Opened in VS Code.');
    return;
  }
  const install = await ensureCodeServer(reportToStderr);
  await npmRun('package');
  const sandbox = new Sandbox();
  const vsixPath = path.join(checkout, 'dist', 'keywheel.vsix');
  const server = await CodeServerProcess.start({ install, sandbox, vsixPath });
  console.log(`Open ${server.address}\nIts keys and settings last until this ends (Ctrl+C).`);
  await server.ended;
  await sandbox.close();
  process.exitCode = 1;
  console.error(server.output());
}

async function npmRun(script: string): Promise<void> {
  await reported(reportToStderr, `npm run ${script}`, () =>
    runCommand('npm', ['run', script], { cwd: checkout }),
  );
}

function onPath(program: string): string | undefined {
  const names = process.platform === 'win32' ? [`${program}.cmd`, `${program}.exe`] : [program];
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
