/** Connecting that fails half-way: the record tells of what is in the file, also where the machine stops between the two. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { claudeCodeClient } from '../../../src/clients/claudeCode';
import type { Endpoint } from '../../../src/clients/client';
import { codexClient } from '../../../src/clients/codex';
import { TemporaryHome } from './temporaryHome';

const endpoint: Endpoint = {
  origin: 'http://127.0.0.1:9999',
  proxyKey: 'kw-0123456789abcdef01234567',
  model: 'openrouter/free',
};
const moved: Endpoint = { ...endpoint, origin: 'http://127.0.0.1:1234', proxyKey: 'kw-another-0123456789' };

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
      const full = await home.write(file, text);
      const first = await home.connections.connect(client, endpoint);
      const listening = home.records.onDidChange(() => appendFileSync(full, '\n'));
      await assert.rejects(home.connections.connect(client, moved), { code: 'changedMeanwhile' });
      listening.dispose();
      assert.deepEqual(await home.records.of(client.id), first);
      assert.equal(await home.connections.disconnect(client, first), 'undone');
      assert.deepEqual(client.format.parse(await home.read(file)), client.format.parse(text));
      assert.deepEqual(await home.files(), [file]);
    });

    it('takes all back also where the machine stopped before the file was written anew', async () => {
      await using home = await TemporaryHome.make();
      await home.write(file, text);
      await home.connections.connect(client, endpoint);
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
