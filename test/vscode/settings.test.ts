/** Settings as VS Code itself understands them, and the proxy that obeys them at once. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import * as v from 'valibot';
import { ConfigurationTarget, extensions, workspace } from 'vscode';
import { ForwardProxy } from '../support/forwardProxy';
import { extensionId, keywheelApi, statusThat, until } from './support/running';

const manifestSchema = v.object({
  contributes: v.object({
    configuration: v.array(
      v.object({ properties: v.record(v.string(), v.object({ scope: v.string(), default: v.unknown() })) }),
    ),
  }),
});

const settings = v
  .parse(manifestSchema, extensions.getExtension(extensionId)?.packageJSON)
  .contributes.configuration.flatMap(({ properties }) => Object.entries(properties));

async function setPort(port: number | undefined): Promise<void> {
  await workspace.getConfiguration('keywheel').update('port', port, ConfigurationTarget.Global);
}

describe('settings', () => {
  it('are known to VS Code with their defaults', () => {
    for (const [name, { default: value }] of settings)
      assert.deepEqual(workspace.getConfiguration().inspect(name)?.defaultValue, value, name);
  });

  it('of the proxy cannot be set by a folder', async () => {
    const obeyed = settings.filter(([, { scope }]) => scope === 'machine');
    assert.ok(obeyed.length > 15);
    for (const [name, { default: value }] of obeyed)
      await assert.rejects(
        async () => await workspace.getConfiguration().update(name, value, ConfigurationTarget.Workspace),
        name,
      );
  });

  it('of the looks can be set by a folder', async () => {
    const configuration = workspace.getConfiguration('keywheel.statusBar');
    await configuration.update('format', 'percent', ConfigurationTarget.Workspace);
    await until('set', () => workspace.getConfiguration('keywheel.statusBar').get('format') === 'percent');
    await configuration.update('format', undefined, ConfigurationTarget.Workspace);
  });

  it('are applied at once, and a wrong one changes nothing', async () => {
    const { baseUrl } = await statusThat('running', ({ proxy }) => proxy === 'running');
    await setPort(28418);
    await statusThat('moved', (status) => status.baseUrl === 'http://127.0.0.1:28418/api/v1');
    await setPort(70_000);
    // Long enough to see a change that is obeyed by mistake.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal((await keywheelApi()).status().baseUrl, 'http://127.0.0.1:28418/api/v1');
    await setPort(28417);
    await statusThat('moved back', (status) => status.baseUrl === baseUrl);
  });

  it('of VS Code’s own network proxy are obeyed by the proxy’s next request', async () => {
    const keywheel = workspace.getConfiguration('keywheel');
    const upstreamBefore = keywheel.inspect('upstreamUrl')?.globalValue;
    const http = workspace.getConfiguration('http');
    await using first = await ForwardProxy.open();
    await using second = await ForwardProxy.open();
    try {
      await keywheel.update('upstreamUrl', 'https://upstream.test/api/v1', ConfigurationTarget.Global);
      for (const networkProxy of [first, second]) {
        networkProxy.manner = 'hangUp';
        await http.update('proxy', networkProxy.url, ConfigurationTarget.Global);
        await until('a request through the network proxy', () => {
          askForModels();
          return networkProxy.targets.includes('upstream.test:443');
        });
      }
    } finally {
      await http.update('proxy', undefined, ConfigurationTarget.Global);
      await keywheel.update('upstreamUrl', upstreamBefore, ConfigurationTarget.Global);
    }
  });
});

/** Uses a bare socket, because VS Code would send Node's requests through its network proxy. */
function askForModels(): void {
  const socket = connect(28417, '127.0.0.1')
    .on('error', () => undefined)
    .resume();
  socket.write('GET /api/v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
}
