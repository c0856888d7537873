/** Two Keywheels of one machine (VS Code's and Cursor's), and one that has lost its records: the user's values are kept. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { claudeCodeClient } from '../../../src/clients/claudeCode';
import { clineClient } from '../../../src/clients/cline';
import { continueClient } from '../../../src/clients/continue';
import { FileConnections } from '../../../src/clients/fileConnections';
import { opencodeClient } from '../../../src/clients/openCode';
import { ConnectionRecords } from '../../../src/clients/records';
import { findLeftovers } from '../../../src/doctor/leftovers';
import { endpoint, moved, TemporaryHome } from './temporaryHome';

const samples = [
  {
    client: claudeCodeClient,
    file: '.claude/settings.json',
    text: '{\n  "env": { "ANTHROPIC_AUTH_TOKEN": "sk-mine" }\n}\n',
  },
  {
    client: opencodeClient,
    file: '.config/opencode/opencode.json',
    text: '{\n  "model": "a/b",\n  "provider": { "openrouter": { "options": { "apiKey": "sk-mine" } } }\n}\n',
  },
  {
    client: clineClient,
    file: '.cline/data/settings/providers.json',
    text: '{"version":1,"modes":{},"providers":{"openrouter":{"settings":{"provider":"openrouter","apiKey":"sk-mine"},"updatedAt":"2026-01-01T00:00:00.000Z","tokenSource":"manual"}}}',
  },
  {
    client: continueClient,
    file: '.continue/config.yaml',
    text: 'name: L\nversion: 0.0.1\nschema: v1\nmodels:\n  - name: A\n    apiKey: sk-mine\n',
  },
] as const;

function second(home: TemporaryHome): FileConnections {
  const { places, clock } = home;
  const folder = path.join(home.folder, 'vscode', 'cursor');
  const records = new ConnectionRecords(folder, (error) => assert.fail(String(error)));
  return new FileConnections({ places, records, clock });
}

for (const { client, file, text } of samples) {
  describe(`the backup of ${client.name}'s file`, () => {
    const config = client.format.parse(text);

    it('is not overwritten by another Keywheel, whichever of them disconnects first', async () => {
      for (const firstGoesFirst of [true, false]) {
        await using home = await TemporaryHome.make();
        await home.write(file, text);
        const other = second(home);
        const one = await home.connections.connect(client, endpoint);
        const two = await other.connect(client, moved);
        assert.equal(await home.read(`${file}.keywheel-backup`), text);
        assert.notEqual(one.backup, two.backup);
        if (firstGoesFirst) await home.connections.disconnect(client, one);
        await other.disconnect(client, two);
        if (!firstGoesFirst) await home.connections.disconnect(client, one);
        assert.deepEqual(client.format.parse(await home.read(file)), config);
        assert.deepEqual(await home.files(), [file]);
      }
    });

    it('is what disconnecting gives back also where the records were lost between', async () => {
      await using home = await TemporaryHome.make();
      await home.connected(client, file, text);
      await rm(home.recordsFolder, { recursive: true });
      const record = await home.connections.connect(client, moved);
      await home.connections.disconnect(client, record);
      assert.deepEqual(client.format.parse(await home.read(file)), config);
      assert.deepEqual(await home.files(), [file, `${file}.keywheel-backup`]);
      assert.equal(await home.read(`${file}.keywheel-backup`), text);
    });
  });
}

describe('a backup that nobody knows', () => {
  it('is left alone where the file holds nothing of a Keywheel', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.claude/settings.json', '{ "a": 1 }\n');
    const record = await home.connected(
      claudeCodeClient,
      '.claude/settings.json.keywheel-backup',
      '{ "a": 0 }\n',
    );
    const backup = path.join(home.folder, '.claude/settings.json.2.keywheel-backup');
    assert.equal(record.backup, backup);
    const leftover = await findLeftovers(home.places, []);
    assert.ok(leftover.some((finding) => finding.code === 'leftover' && finding.file === backup));
    const again = await home.connections.connect(claudeCodeClient, moved);
    assert.equal(again.backup, backup);
    assert.equal(await home.connections.disconnect(claudeCodeClient, again), 'restored');
    assert.equal(await home.read('.claude/settings.json'), '{ "a": 1 }\n');
    assert.equal(await home.read('.claude/settings.json.keywheel-backup'), '{ "a": 0 }\n');
  });
});
