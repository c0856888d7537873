/** The terminal option in real terminals: off until it is ticked, there while the proxy runs, gone when it stops. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { ConfigurationTarget, env, window, workspace } from 'vscode';
import { run, statusThat, until } from './support/running';

const names = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'ANTHROPIC_BASE_URL',
  'OPENAI_API_BASE',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'OPENROUTER_API_KEY',
  'OPENROUTER_BASE_URL',
];

describe('new terminals', () => {
  let folder: string;
  let opened = 0;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keywheel-terminal-'));
    await statusThat('running', ({ proxy }) => proxy === 'running');
  });

  after(async () => {
    await tick(undefined);
    await run('startProxy');
    await statusThat('running', ({ proxy }) => proxy === 'running');
    await rm(folder, { recursive: true, force: true });
  });

  it('have none of the variables by default', async () => {
    assert.deepEqual(await variables(), {});
  });

  it('have those of each program that is ticked, and of no other', async () => {
    await run('copyProxyKey');
    const proxyKey = await env.clipboard.readText();
    const { baseUrl } = await statusThat('running', ({ proxy }) => proxy === 'running');
    await tick(['openai']);
    await variablesThat('those of OpenAI’s programs', {
      OPENAI_API_BASE: baseUrl ?? '',
      OPENAI_API_KEY: proxyKey,
      OPENAI_BASE_URL: baseUrl ?? '',
    });
    await tick(['claudeCode']);
    await variablesThat('those of Claude Code', {
      // Empty, because a value of the shell would win over the token.
      ANTHROPIC_API_KEY: '',
      ANTHROPIC_AUTH_TOKEN: proxyKey,
      ANTHROPIC_BASE_URL: (baseUrl ?? '').replace('/v1', ''),
    });
  });

  it('have none while the proxy is stopped, and have them again when it runs', async () => {
    await tick(['openrouter']);
    await until('both of OpenRouter', async () => Object.keys(await variables()).length === 2);
    await run('stopProxy');
    await statusThat('stopped', ({ proxy }) => proxy === 'stopped');
    await variablesThat('none', {});
    await run('startProxy');
    await until('both again', async () => Object.keys(await variables()).length === 2);
  });

  /** Our variables as a program in a new terminal gets them. */
  async function variables(): Promise<Readonly<Record<string, string>>> {
    const file = path.join(folder, `${opened++}.json`);
    const script = `
      const own = ${JSON.stringify(names)}.filter((name) => name in process.env);
      const text = JSON.stringify(Object.fromEntries(own.map((name) => [name, process.env[name]])));
      fs.writeFileSync(${JSON.stringify(`${file}.part`)}, text);
      fs.renameSync(${JSON.stringify(`${file}.part`)}, ${JSON.stringify(file)});`;
    const terminal = window.createTerminal({
      // The same executable as plain Node: it exists on every system, and runs no start files of a shell.
      shellPath: process.execPath,
      shellArgs: ['-e', script],
      env: { ELECTRON_RUN_AS_NODE: '1' },
    });
    try {
      await until('the terminal’s program', () => existsSync(file));
      return v.parse(v.record(v.string(), v.string()), JSON.parse(await readFile(file, 'utf8')));
    } finally {
      terminal.dispose();
    }
  }

  /** Opens terminals until one has the change, which reaches VS Code's terminals some time later. */
  async function variablesThat(what: string, wanted: Readonly<Record<string, string>>): Promise<void> {
    let seen: Readonly<Record<string, string>> = {};
    const fits = async (): Promise<boolean> => {
      seen = await variables();
      return isDeepStrictEqual(seen, wanted);
    };
    await until(`${what}: ${JSON.stringify(wanted)}`, fits).catch(() => assert.deepEqual(seen, wanted));
  }

  async function tick(clients: readonly string[] | undefined): Promise<void> {
    await workspace
      .getConfiguration('keywheel')
      .update('terminal.clients', clients, ConfigurationTarget.Global);
  }
});
