/** Connecting that fails: a refusal of the system is reported like other reasons not to write a file, and the record agrees
 * with the file, also where the machine stops between the two. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync } from 'node:fs';
import { chmod, mkdir, open, symlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { mock } from 'node:test';
import { claudeCodeClient } from '../../../src/clients/claudeCode';
import { codexClient } from '../../../src/clients/codex';
import { ConfigError, type ConfigProblem } from '../../../src/clients/configFile';
import { endpoint, moved, TemporaryHome } from './temporaryHome';

const nobody = 65534;

/** Runs the work as another user, if this process is the superuser, who may read and write all. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(nobody);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

async function refuses(home: TemporaryHome, code: ConfigProblem): Promise<void> {
  await assert.rejects(home.connections.connect(claudeCodeClient, endpoint), (error: unknown) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

describe('a file that the system refuses', () => {
  const forbidden = process.platform === 'win32' ? it.skip : it;

  forbidden('may not be written: neither it nor its folder', async () => {
    await using home = await TemporaryHome.make();
    await chmod(home.folder, 0o755);
    await mkdir(home.recordsFolder, { recursive: true });
    await chmod(home.recordsFolder, 0o777);
    const file = await home.write('.claude/settings.json', '{}\n', 0);
    await asNobody(async () => await refuses(home, 'readOnly'));
    await chmod(file, 0o644);
    await chmod(path.dirname(file), 0o555);
    await asNobody(async () => await refuses(home, 'readOnly'));
    await chmod(path.dirname(file), 0o755);
  });

  it('has a file in the place of its folder, or is a link to itself', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.claude', 'x');
    await refuses(home, 'inTheWay');
    await using other = await TemporaryHome.make();
    const file = path.join(other.folder, '.claude/settings.json');
    await mkdir(path.dirname(file));
    await symlink(file, file);
    await refuses(other, 'inTheWay');
  });

  it('finds no room on its disk, and is left as it was', async () => {
    await using home = await TemporaryHome.make();
    const file = await home.write('.claude/settings.json', '{}\n');
    const handle = await open(file);
    const files = prototypeOf(handle);
    await handle.close();
    // Some disks report this only when the file is flushed.
    const full = mock.method(files, 'sync', () =>
      Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })),
    );
    try {
      await refuses(home, 'diskFull');
    } finally {
      full.mock.restore();
    }
    assert.deepEqual(await home.files(), ['.claude/settings.json']);
    assert.equal(await home.read('.claude/settings.json'), '{}\n');
  });
});

function prototypeOf(handle: FileHandle): FileHandle {
  return Object.getPrototypeOf(handle) as FileHandle;
}

const samples = [
  {
    client: claudeCodeClient,
    file: '.claude/settings.json',
    text: '{\n  "env": { "ANTHROPIC_API_KEY": "sk-ant-MINE" }\n}\n',
  },
  { client: codexClient, file: '.codex/config.toml', text: 'model = "gpt-5"\n' },
] as const;

for (const { client, file, text } of samples) {
  describe(`connecting ${client.name} in vain`, () => {
    it('leaves no record and no backup of a first time', async () => {
      await using home = await TemporaryHome.make();
      const full = await home.write(file, text);
      home.records.onDidChange(() => appendFileSync(full, '\n'));
      await assert.rejects(home.connections.connect(client, endpoint), { code: 'changedMeanwhile' });
      assert.equal(await home.records.of(client.id), null);
      assert.deepEqual(await home.files(), [file]);
    });

    it('leaves no record where the file could not be made', async () => {
      await using home = await TemporaryHome.make();
      home.records.onDidChange(() => mkdirSync(path.join(home.folder, file), { recursive: true }));
      await assert.rejects(home.connections.connect(client, endpoint));
      assert.equal(await home.records.of(client.id), null);
    });

    it('leaves the earlier record, with which all is taken back', async () => {
      await using home = await TemporaryHome.make();
      const first = await home.connected(client, file, text);
      const listening = home.records.onDidChange(() => appendFileSync(first.file, '\n'));
      await assert.rejects(home.connections.connect(client, moved), { code: 'changedMeanwhile' });
      listening.dispose();
      assert.deepEqual(await home.records.of(client.id), first);
      assert.equal(await home.connections.disconnect(client, first), 'undone');
      assert.deepEqual(client.format.parse(await home.read(file)), client.format.parse(text));
      assert.deepEqual(await home.files(), [file]);
    });

    it('takes all back also where the machine stopped before the file was written anew', async () => {
      await using home = await TemporaryHome.make();
      await home.connected(client, file, text);
      const written = await home.read(file);
      const stopped: Promise<string>[] = [];
      home.records.onDidChange(() => stopped.push(home.read('vscode/globalStorage/connections.json')));
      await home.connections.connect(client, moved);
      const [records] = await Promise.all(stopped);
      await home.write(file, written);
      await home.write('vscode/globalStorage/connections.json', records ?? '');
      const [record] = await home.records.all();
      assert.ok(record?.way === 'file');
      await home.connections.disconnect(client, record);
      assert.deepEqual(client.format.parse(await home.read(file)), client.format.parse(text));
      assert.deepEqual(await home.files(), [file]);
    });
  });
}
