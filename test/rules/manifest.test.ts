/** The claims of package.json to VS Code and to people. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { defaultSettings, readSettings, settingsSchema } from '../../src/service/settings';

const property = v.looseObject({
  type: v.string(),
  scope: v.string(),
  default: v.unknown(),
  minimum: v.optional(v.number()),
  maximum: v.optional(v.number()),
  enum: v.optional(v.array(v.unknown())),
  enumItemLabels: v.optional(v.array(v.string())),
  markdownDescription: v.string(),
  ignoreSync: v.optional(v.boolean()),
});

const manifestSchema = v.looseObject({
  main: v.string(),
  icon: v.string(),
  l10n: v.string(),
  activationEvents: v.array(v.string()),
  extensionKind: v.array(v.string()),
  capabilities: v.object({
    untrustedWorkspaces: v.object({ supported: v.boolean() }),
    virtualWorkspaces: v.object({ supported: v.boolean() }),
  }),
  contributes: v.looseObject({
    commands: v.array(
      v.object({
        command: v.string(),
        title: v.string(),
        category: v.string(),
        enablement: v.optional(v.string()),
      }),
    ),
    configuration: v.array(v.object({ title: v.string(), properties: v.record(v.string(), property) })),
  }),
});

const lockfileSchema = v.object({
  packages: v.record(v.string(), v.object({ resolved: v.optional(v.string()) })),
});

const text = readFileSync('package.json', 'utf8');
const manifest = v.parse(manifestSchema, JSON.parse(text));
const words = v.parse(v.record(v.string(), v.string()), JSON.parse(readFileSync('package.nls.json', 'utf8')));
const { commands, configuration } = manifest.contributes;
const settings = configuration.flatMap(({ properties }) => Object.entries(properties));

/** The words of the manifest, as VS Code puts them in. */
function word(reference: string): string {
  const found = words[reference.replace(/^%(.*)%$/, '$1')];
  assert.ok(found, `${reference} is not in package.nls.json`);
  return found;
}

describe('the manifest', () => {
  it('is installed by a lockfile that says where each package is, so that npm need not ask', () => {
    const { packages } = v.parse(lockfileSchema, JSON.parse(readFileSync('package-lock.json', 'utf8')));
    const unknown = Object.entries(packages).filter(([folder, { resolved }]) => folder !== '' && !resolved);
    assert.deepEqual(unknown, []);
  });

  it('finds all its words in package.nls.json, which has no others', () => {
    const used = [...text.matchAll(/"%([^"%]+)%"/g)].map(([, name]) => name ?? '');
    assert.deepEqual([...new Set(used)].sort(), Object.keys(words).sort());
  });

  it('has no text for people but by reference', () => {
    for (const { title, category } of commands) assert.match(title + category, /^%[^%]+%%[^%]+%$/);
    for (const [, { markdownDescription }] of settings) assert.match(markdownDescription, /^%[^%]+%$/);
  });

  it('is activated behind the start-up and by nothing else', () => {
    assert.deepEqual(manifest.activationEvents, ['onStartupFinished']);
  });

  it('runs where the clients run, and in every workspace, as it reads no file of one', () => {
    assert.deepEqual(manifest.extensionKind, ['workspace']);
    assert.deepEqual(manifest.capabilities, {
      untrustedWorkspaces: { supported: true },
      virtualWorkspaces: { supported: true },
    });
    assert.ok(!('browser' in manifest), 'there is no entry for browsers');
  });

  it('names files that are there', () => {
    assert.ok(existsSync(manifest.icon));
    assert.ok(existsSync(`${manifest.l10n}/bundle.l10n.json`));
  });
});

describe('contributed commands', () => {
  it('are at most 20 in the palette, under one category', () => {
    assert.ok(commands.length <= 20);
    assert.deepEqual([...new Set(commands.map(({ category }) => word(category)))], ['Keywheel']);
  });

  it('have titles in title case that do not repeat the category', () => {
    const small = new Set(['a', 'an', 'the', 'and', 'or', 'of', 'for', 'to', 'in', 'with']);
    for (const { title } of commands) {
      const [first, ...rest] = word(title).split(' ');
      for (const part of [first, ...rest.filter((part) => !small.has(part))])
        assert.match(part ?? '', /^[A-Z]/, title);
      assert.doesNotMatch(word(title), /keywheel/i);
    }
  });

  it('are offered only where they can do something, by keys that the extension sets', () => {
    const offered = Object.fromEntries(
      commands.flatMap(({ command, enablement }) =>
        enablement === undefined ? [] : [[command, enablement]],
      ),
    );
    assert.equal(offered['keywheel.disconnectAllClients'], 'keywheel.hasConnection');
    const source = ['stateSource.ts', 'clients/connectedClients.ts']
      .map((file) => readFileSync(`src/vscode/${file}`, 'utf8'))
      .join('');
    for (const [command, enablement] of Object.entries(offered))
      assert.ok(source.includes(`'${enablement.replace('!', '')}'`), command);
  });

  it('are named after the extension, each once, and none is internal', () => {
    const ids = commands.map(({ command }) => command);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^keywheel\.[a-z]+([A-Z][a-z]+)*(URL|Url)?$/);
  });
});

describe('contributed settings', () => {
  it('have scope machine where the proxy obeys them, and window where they are about looks', () => {
    for (const [name, { scope }] of settings)
      assert.equal(scope, /^keywheel\.(?:statusBar\.|notifications)/.test(name) ? 'window' : 'machine', name);
  });

  it('are not synced', () => {
    // VS Code never syncs machine settings; settings of other scopes must opt out.
    for (const [name, { scope, ignoreSync }] of settings)
      assert.ok(scope === 'machine' || ignoreSync === true, name);
  });

  it('are those of the proxy but for the host, those of the window, and whether to start', () => {
    const offered = settings.map(([name]) => name.replace('keywheel.', ''));
    const obeyed = Object.keys(defaultSettings).filter((name) => name !== 'host' && name !== 'networkRoute');
    assert.deepEqual(
      offered.sort(),
      [
        ...obeyed,
        'autoStart',
        'chat.models',
        'chat.tellAccountNames',
        'notifications',
        'statusBar.format',
        'terminal.clients',
      ].sort(),
    );
  });

  it('have the defaults that the proxy has by itself', () => {
    const byName = new Map<string, unknown>(Object.entries(defaultSettings));
    for (const [name, { default: value }] of settings) {
      const own = name.replace('keywheel.', '');
      if (byName.has(own)) assert.deepEqual(value, byName.get(own), name);
    }
  });

  it('have limits that the proxy takes, and none that it would refuse', () => {
    for (const [name, { minimum, maximum, enum: values }] of settings) {
      const own = name.replace('keywheel.', '');
      if (!(own in defaultSettings)) continue;
      const problems = (value: unknown): number =>
        readSettings(settingsSchema, { [own]: value }, defaultSettings).problems.length;
      for (const good of [minimum, maximum, ...(values ?? [])]) {
        if (good !== undefined) assert.equal(problems(good), 0, `${name}: ${JSON.stringify(good)}`);
      }
      if (maximum !== undefined) assert.equal(problems(maximum + 1), 1, `${name}: ${maximum + 1}`);
    }
  });

  it('name each choice as people would', () => {
    for (const [name, { type, enum: values, enumItemLabels: labels }] of settings) {
      if (type !== 'string' || values === undefined) continue;
      assert.equal(labels?.length, values.length, name);
      for (const label of labels) assert.doesNotMatch(word(label), /[a-z][A-Z]/, name);
    }
  });

  it('say their limits in words', () => {
    for (const [name, { minimum, maximum, markdownDescription }] of settings) {
      if (minimum === undefined || maximum === undefined) continue;
      assert.match(word(markdownDescription), new RegExp(`\\b${minimum} to ${maximum}\\b`), name);
    }
  });
});
