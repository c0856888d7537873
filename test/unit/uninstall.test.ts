/** The uninstall script as VS Code runs it: a Node process of its own, from the extension's folder. */
import assert from 'node:assert/strict';
import { build } from 'esbuild';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Endpoint } from '../../src/clients/client';
import { claudeCodeClient } from '../../src/clients/claudeCode';
import { codexClient } from '../../src/clients/codex';
import { writeStoragePointer } from '../../src/clients/records';
import { runCommand } from '../tools/command';
import { TemporaryHome } from './clients/temporaryHome';

const endpoint: Endpoint = {
  origin: 'http://127.0.0.1:9999',
  proxyKey: 'kw-0123456789abcdef',
  model: 'a/b:free',
};

/** Runs the built script from a folder in the home. */
async function uninstall(home: TemporaryHome, pointer: string | null = home.recordsFolder): Promise<string> {
  const folder = path.join(home.folder, 'vscode', 'extension', 'dist');
  await mkdir(folder, { recursive: true });
  const outfile = path.join(folder, 'uninstall.js');
  await build({
    entryPoints: ['src/uninstall.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  if (pointer !== null) await writeStoragePointer(folder, pointer);
  const env = { PATH: process.env.PATH, HOME: home.folder };
  return await runCommand(process.execPath, [outfile], { env, cwd: home.folder, timeoutMs: 100_000 });
}

describe('the uninstall script', () => {
  it('gives each file its bytes back', async () => {
    await using home = await TemporaryHome.make();
    const toml = '# mine\nmodel = "gpt-5" # m\n';
    await home.write('.codex/config.toml', toml, 0o600);
    await home.connections.connect(codexClient, endpoint);
    await home.connections.connect(claudeCodeClient, endpoint);
    const said = await uninstall(home);
    assert.match(said, /codex .*config\.toml: restored/);
    assert.match(said, /claudeCode .*settings\.json: restored/);
    assert.deepEqual(await home.files(), ['.codex/config.toml']);
    assert.equal(await home.read('.codex/config.toml'), toml);
    assert.equal(await uninstall(home), '', 'a second time there is nothing to do');
  });

  it('leaves what is not ours any more, and what is damaged', async () => {
    await using home = await TemporaryHome.make();
    await home.connections.connect(codexClient, endpoint);
    await home.connections.connect(claudeCodeClient, endpoint);
    await home.write('.codex/config.toml', 'half = [');
    await home.write('.claude/settings.json', '{ "env": { "ANTHROPIC_BASE_URL": "http://elsewhere" } }\n');
    const said = await uninstall(home);
    assert.match(said, /codex .*damaged/);
    assert.match(said, /claudeCode .*: changed/);
    assert.equal(await home.read('.codex/config.toml'), 'half = [');
    assert.match(await home.read('.claude/settings.json'), /elsewhere/);
  });

  it('does nothing where nothing was ever connected', async () => {
    await using home = await TemporaryHome.make();
    assert.equal(await uninstall(home, null), '');
    assert.equal(await uninstall(home), '');
  });

  it('takes no file for its records where it was not told where they are', async () => {
    await using home = await TemporaryHome.make();
    await home.write('connections.json', '{"mine":true}');
    assert.equal(await uninstall(home, ''), '');
  });
});
