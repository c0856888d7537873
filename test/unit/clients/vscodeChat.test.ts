/** VS Code's chat by a group of models: VS Code writes it, as the stand-in for its command does here, and Keywheel takes it out. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Connector } from '../../../src/clients/connector';
import { groupName } from '../../../src/clients/vscodeChat';
import { endpoint, statesOf, TemporaryHome } from './temporaryHome';

const other = { name: 'Ollama', vendor: 'ollama', url: 'http://127.0.0.1:11434' };
const commented =
  '[\n  // mine\n  { "name": "Ollama", "vendor": "ollama", "url": "http://127.0.0.1:11434" }, // local\n]\n';
const group = {
  name: groupName,
  vendor: 'customendpoint',
  apiKey: '${input:chat.lm.secret.1}',
  models: [{ id: 'a/b:free', url: 'https://keywheel.example.com/api/v1/chat/completions' }],
};
const inUser = 'Code/User/chatLanguageModels.json';
const inWork = 'Code/User/profiles/-1f/chatLanguageModels.json';

function connectorOf(home: TemporaryHome): Connector {
  const { places, folder } = home;
  return home.connector({ places: { ...places, vscodeFolder: path.join(folder, 'Code', 'User') } });
}

/** Writes as VS Code does: the whole file anew, without comments. */
async function add(home: TemporaryHome, file: string, groups: readonly object[]): Promise<boolean> {
  return await connectorOf(home).connectByCommand(
    async () => await writeFile(path.join(home.folder, file), JSON.stringify(groups, null, '\t')),
  );
}

describe('VS Code’s chat by a group of models', () => {
  it('gets its list back byte for byte, comments that VS Code dropped included', async () => {
    await using home = await TemporaryHome.make();
    await home.write(inUser, commented);
    assert.equal(await add(home, inUser, [other, group]), true);
    const connector = connectorOf(home);
    assert.deepEqual(
      (await connector.states(endpoint)).map(({ client, state }) => [client.name, state]),
      [['VS Code Chat by Custom Endpoint', 'current']],
    );
    const [done] = await connector.disconnectAll();
    assert.equal(done?.undone, 'restored');
    assert.equal(await home.read(inUser), commented);
    assert.deepEqual(await home.files(), [inUser]);
  });

  it('loses the group alone from a list that the user has changed since, in each profile', async () => {
    await using home = await TemporaryHome.make();
    await home.write(inUser, '[]');
    await home.write(inWork, JSON.stringify([other]));
    await add(home, inUser, [group]);
    await add(home, inWork, [other, group]);
    const later = `[ /* new */\n  ${JSON.stringify({ ...group, settings: {} })}, // ours\n  { "name": "x" }\n]`;
    await home.write(inUser, later);
    const connector = connectorOf(home);
    assert.deepEqual(await statesOf(connector), ['current', 'current']);
    assert.deepEqual(
      (await connector.disconnectAll()).map(({ undone }) => undone),
      ['undone', 'restored'],
    );
    assert.equal(await home.read(inUser), '[ /* new */ // ours\n  { "name": "x" }\n]');
    assert.equal(await home.read(inWork), JSON.stringify([other]));
    assert.deepEqual(await home.files(), [inUser, inWork].sort());
  });

  it('leaves one backup, and none in the end, if the user has removed the group and adds it again', async () => {
    await using home = await TemporaryHome.make();
    await home.write(inUser, commented);
    await add(home, inUser, [other, group]);
    await home.write(inUser, '[]');
    await add(home, inUser, [group]);
    await connectorOf(home).disconnectAll();
    assert.equal(await home.read(inUser), '[]');
    assert.deepEqual(await home.files(), [inUser]);
  });

  it('keeps a group of that name with other models and another key: it is the user’s', async () => {
    await using home = await TemporaryHome.make();
    await home.write(inUser, '[]');
    await add(home, inUser, [group]);
    const theirs = JSON.stringify([{ ...group, apiKey: 'x', models: [] }]);
    await home.write(inUser, theirs);
    const connector = connectorOf(home);
    assert.deepEqual(await statesOf(connector), ['changed']);
    assert.equal((await connector.disconnectAll())[0]?.undone, 'changed');
    assert.equal(await home.read(inUser), theirs);
  });

  it('is not recorded where VS Code refuses, or writes to a place of its own', async () => {
    await using home = await TemporaryHome.make();
    await home.write(inUser, '[]');
    const connector = connectorOf(home);
    const refusal = new Error('Vendor customendpoint not found.');
    await assert.rejects(
      connector.connectByCommand(() => Promise.reject(refusal)),
      refusal,
    );
    assert.equal(await connector.connectByCommand(() => Promise.resolve()), false);
    assert.deepEqual(await connector.records(), []);
    assert.deepEqual(await home.files(), [inUser]);
  });

  it('is not among the clients that are connected again, as its key is VS Code’s', async () => {
    await using home = await TemporaryHome.make();
    await home.write(inUser, '[]');
    await add(home, inUser, [group]);
    const connector = connectorOf(home);
    await connector.disconnectForNow();
    assert.deepEqual(await connector.earlier(), []);
    assert.equal(await readFile(path.join(home.folder, inUser), 'utf8'), '[]');
  });
});
