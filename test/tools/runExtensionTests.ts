/**
 * Entry of `npm test vscode`: bundles test/vscode and runs it inside a real VS Code.
 * With `--bundle` it only bundles, for the launch configuration that debugs these tests.
 */
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { desktopVersion, fetchDesktop, fetchHeadless } from './installs';
import { checkoutFolder } from './paths';
import { Sandbox } from './sandbox';
import { STORAGE_VARIABLE } from './suiteReport';

const checkout = checkoutFolder();
// Both variables can be set to run another suite on another extension, as the harness's own check does.
const suiteSource = path.resolve(process.env.KEYWHEEL_TEST_SUITE ?? path.join(checkout, 'test', 'vscode'));
const extensionPath = path.resolve(process.env.KEYWHEEL_TEST_EXTENSION ?? checkout);
const output = path.join(checkout, 'dist-test');

async function main(): Promise<void> {
  await bundleSuite();
  if (process.argv.includes('--bundle')) {
    await copySettings(path.join(output, 'user'));
    return;
  }
  const desktop = desktopVersion();
  const vscodeExecutablePath = desktop === undefined ? await standIn() : await fetchDesktop(desktop);
  const sandbox = new Sandbox();
  const userData = sandbox.folder('user');
  try {
    await copySettings(userData);
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: extensionPath,
      extensionTestsPath: path.join(output, 'index.js'),
      launchArgs: [
        `--user-data-dir=${userData}`,
        `--extensions-dir=${path.join(userData, 'extensions')}`,
        '--disable-extensions',
        '--disable-workspace-trust',
        '--disable-telemetry',
      ],
      extensionTestsEnv: { [STORAGE_VARIABLE]: path.join(userData, 'User', 'globalStorage') },
    });
  } finally {
    await sandbox.close();
  }
}

/** Each test file by itself, and the index that runs them, as CommonJS in the git-ignored folder. */
async function bundleSuite(): Promise<void> {
  const tests = readdirSync(suiteSource).filter((file) => file.endsWith('.test.ts'));
  if (tests.length === 0) throw new Error(`No *.test.ts in ${suiteSource}.`);
  await rm(output, { recursive: true, force: true });
  await build({
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.18',
    sourcemap: 'inline',
    logLevel: 'warning',
    outdir: output,
    external: ['vscode', 'mocha'],
    entryPoints: [
      { in: path.join(__dirname, 'suiteIndex.ts'), out: 'index' },
      ...tests.map((file) => ({ in: path.join(suiteSource, file), out: path.basename(file, '.ts') })),
    ],
  });
}

/** The program that stands in for the desktop's VS Code, made executable. */
async function standIn(): Promise<string> {
  await fetchHeadless();
  const program = path.join(output, 'vscode');
  await build({
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
    outfile: program,
    entryPoints: [path.join(__dirname, 'vscodeExecutable.ts')],
  });
  await chmod(program, 0o755);
  return program;
}

/** The settings that the suite starts with, if it has any: settings.json beside its tests. */
async function copySettings(userData: string): Promise<void> {
  const settings = path.join(suiteSource, 'settings.json');
  if (!existsSync(settings)) return;
  await mkdir(path.join(userData, 'User'), { recursive: true });
  await cp(settings, path.join(userData, 'User', 'settings.json'));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
