/** The uninstall script as VS Code runs it: a Node process of its own, from the extension's folder. */
import assert from 'node:assert/strict';
import { build } from 'esbuild';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
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

  it('does nothing by a pointer that was cut off, whatever is where the rest of it points to', async () => {
    await using home = await TemporaryHome.make();
    await uninstall(home);
    await home.connections.connect(codexClient, endpoint);
    await home.write('connections.json', '{"mine":true}');
    const before = await home.files();
    const pointer = path.join(home.folder, 'vscode', 'extension', 'dist', 'storage');
    const whole = await readFile(pointer, 'utf8');
    for (const length of [0, whole.indexOf(home.folder) + home.folder.length, whole.length - 1]) {
      await writeFile(pointer, whole.slice(0, length));
      assert.equal(await uninstall(home, null), '');
    }
    assert.deepEqual(await home.files(), before);
  });

  it('keeps its pointer until a new one is whole', async () => {
    await using home = await TemporaryHome.make();
    const pointer = path.join(home.folder, 'storage');
    await writeStoragePointer(home.folder, home.recordsFolder);
    const [{ ino }, text] = [await stat(pointer), await readFile(pointer)];
    await writeStoragePointer(home.folder, home.recordsFolder);
    assert.deepEqual(await readFile(pointer), text);
    assert.notEqual((await stat(pointer)).ino, ino, 'replaced, not written in place');
  });
});
