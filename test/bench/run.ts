/** Entry of `npm run bench`: the speed of the proxy, or the measurement that is named: `npm run bench limits`. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

const mocha = ['node_modules/mocha/bin/mocha.js', 'test/processes/takeover.test.ts'];

function main(told: readonly string[]): number {
  const [name = 'speed', ...args] = told[0]?.startsWith('-') === true ? ['speed', ...told] : told;
  const files = readdirSync('test/bench').filter((file) => file.endsWith('.ts') && file !== 'run.ts');
  const names = [...files.map((file) => path.basename(file, '.ts')), 'takeover'];
  if (!names.includes(name)) throw new Error(`There is no ${name}: ${names.join(', ')}.`);
  run(['esbuild.js', '--production']);
  return name === 'takeover' ? run(mocha) : run(['--import', 'tsx', `test/bench/${name}.ts`, ...args]);
}

function run(args: readonly string[]): number {
  // The tests kill 5 hosts; too few to tell how long a takeover takes.
  const env = { ...process.env, KEYWHEEL_KILLS: process.env.KEYWHEEL_KILLS ?? '50' };
  return spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
}

process.exitCode = main(process.argv.slice(2));
