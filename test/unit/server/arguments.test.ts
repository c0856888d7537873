// Commands, options, variables and the .env file. Each wrong one as a user meets it: test/http/cli.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { helpText, readArguments } from '../../../src/server/arguments';
import { optionName, options, type Given } from '../../../src/server/options';

function given(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Given {
  const read = readArguments(words, environment);
  assert.ok(read.kind === 'run', JSON.stringify(read));
  return read.given;
}

function problem(...words: readonly string[]): string {
  const read = readArguments(words, {});
  assert.ok(read.kind === 'bad', JSON.stringify(read));
  return read.problem;
}

describe('readArguments', () => {
  it('serves where no command is named', () => {
    for (const [words, command] of [
      [[], 'serve'],
      [['serve'], 'serve'],
      [['check', '--port', '1'], 'check'],
      [['--port', '1', 'status'], 'status'],
    ] as const) {
      const read = readArguments(words, {});
      assert.equal(read.kind === 'run' ? read.command : read.kind, command);
    }
  });

  it('has an option for each variable', () => {
    for (const option of options) {
      const name = optionName(option);
      const words = option.value === null ? [name] : [name, 'some value'];
      const text = option.value === null ? 'true' : 'some value';
      assert.deepEqual(given(words).get(option.variable), { name, text });
    }
  });

  it('takes an option before its variable, and a variable before the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywheel-arguments-'));
    try {
      const file = join(folder, '.env');
      writeFileSync(
        file,
        '# mine\nPORT=1\nexport LOG_LEVEL="debug" # loud\nTIMEZONE=\nMAX_WAITING=3\nHOST=::1\n',
      );
      const environment = { UVICORN_PORT: '2', MAX_WAITING: '4', UVICORN_HOST: '0.0.0.0' };
      const read = given(['--env-file', file, '--port', '3'], environment);
      const texts = Object.fromEntries(
        [...read].map(([variable, { name, text }]) => [variable, [name, text]]),
      );
      assert.deepEqual(texts, {
        PORT: ['--port', '3'],
        LOG_LEVEL: ['LOG_LEVEL', 'debug'],
        MAX_WAITING: ['MAX_WAITING', '4'],
        HOST: ['UVICORN_HOST', '0.0.0.0'],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('reads a file as editors and shells of Windows write it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywheel-arguments-'));
    try {
      const file = join(folder, '.env');
      for (const encoding of ['utf8', 'utf16le'] as const) {
        writeFileSync(file, '\ufeffPORT=1\r\nMAX_WAITING=3\r\n', encoding);
        const texts = [...given(['--env-file', file]).values()].map(({ text }) => text);
        assert.deepEqual(texts, ['1', '3'], encoding);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says in one line what is wrong, and repeats no key', () => {
    assert.match(problem('run'), /serve, check or status.*--help/);
    assert.match(problem('serve', 'check'), /serve, check or status/);
    assert.match(problem('--prot', '1'), /Unknown option '--prot': see keywheel --help\.$/);
    assert.match(problem('--port'), /--port/);
    assert.match(problem('--port='), /--port is empty/);
    assert.match(problem('--free-only=yes'), /--free-only/);
    assert.match(
      problem('--env-file', '/nowhere/.env'),
      /--env-file \/nowhere\/\.env cannot be read \(ENOENT\)/,
    );
    assert.ok(!problem('--sk-or-v1-canarycanary').includes('canary'));
    for (const words of [['--port', '--host', 'x'], ['-x']]) assert.ok(!problem(...words).includes('\n'));
  });

  it('gives help and version before all else', () => {
    assert.equal(readArguments(['check', '--help', '--port', '1'], {}).kind, 'help');
    assert.equal(readArguments(['-v'], {}).kind, 'version');
  });
});

describe('helpText', () => {
  it('names each option and each variable, within 100 columns', () => {
    const text = helpText();
    for (const { variable, alias = variable } of options)
      for (const name of [variable, alias]) assert.match(text, new RegExp(`\\b${name}\\b`));
    for (const option of options) assert.ok(text.includes(`  ${optionName(option)}`));
    for (const line of text.split('\n')) assert.ok(line.length <= 100, line);
  });
});
