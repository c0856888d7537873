/** Contributed commands are registered, and the reverse; commands that ask nothing do what their titles say. */
import assert from 'node:assert/strict';
import * as v from 'valibot';
import { commands, env, extensions, TabInputWebview, window } from 'vscode';
import { extensionId, keywheelApi, run, statusThat, until } from './support/running';

const manifestSchema = v.object({
  contributes: v.object({
    commands: v.array(v.object({ command: v.string(), title: v.string(), category: v.string() })),
  }),
});

describe('commands', () => {
  before(async () => {
    await statusThat('running', ({ proxy }) => proxy === 'running');
  });

  it('are contributed if they are registered, and registered if they are contributed', async () => {
    const { contributes } = v.parse(manifestSchema, extensions.getExtension(extensionId)?.packageJSON);
    const contributed = contributes.commands.map(({ command }) => command).sort();
    const registered = (await commands.getCommands(true)).filter((id) => id.startsWith('keywheel.'));
    assert.deepEqual(registered.sort(), contributed);
  });

  it('have their titles in English by default, under one category', () => {
    const { contributes } = v.parse(manifestSchema, extensions.getExtension(extensionId)?.packageJSON);
    for (const { title, category } of contributes.commands) {
      assert.equal(category, 'Keywheel');
      assert.match(title, /^[A-Z][A-Za-z]*( (?:[A-Z][A-Za-z]*|with|to|from|of))+$/);
    }
  });

  it('copy the base URL', async () => {
    assert.equal(await run('copyBaseUrl'), true);
    assert.equal(await env.clipboard.readText(), (await keywheelApi()).status().baseUrl);
  });

  it('copy the proxy key, without which the proxy gives nothing', async () => {
    assert.equal(await run('copyProxyKey'), true);
    const proxyKey = await env.clipboard.readText();
    assert.ok(proxyKey.length >= 24);
    const { baseUrl } = (await keywheelApi()).status();
    const ask = async (key: string): Promise<number> =>
      (await fetch(`${baseUrl ?? ''}/key`, { headers: { authorization: `Bearer ${key}` } })).status;
    assert.equal(await ask('another'), 401);
    assert.notEqual(await ask(proxyKey), 401);
  });

  it('stop, start and restart the proxy', async () => {
    const { baseUrl } = (await keywheelApi()).status();
    assert.equal(await run('stopProxy'), true);
    await statusThat('stopped', ({ proxy }) => proxy === 'stopped');
    await assert.rejects(fetch(baseUrl ?? ''));
    assert.equal(await run('copyBaseUrl'), false);
    assert.equal(await run('startProxy'), true);
    await statusThat('running', ({ proxy }) => proxy === 'running');
    assert.equal(await run('restartProxy'), true);
    const again = await statusThat('running', ({ proxy }) => proxy === 'running');
    assert.equal(again.baseUrl, baseUrl);
  });

  it('open one dashboard, however often they are run', async () => {
    await run('openDashboard');
    await until('a dashboard', () => dashboards() === 1);
    await run('openDashboard');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(dashboards(), 1);
  });

  it('say that there is nothing to remove while there is no key', async () => {
    assert.equal((await keywheelApi()).status().keys, 0);
    assert.equal(await run('removeKey'), false);
  });
});

/** How many tabs with the dashboard this window has; VS Code reports them some time after they were opened. */
function dashboards(): number {
  return window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof TabInputWebview && input.viewType.endsWith('keywheel.dashboard'))
    .length;
}
