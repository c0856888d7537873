/** A set of very many keys reaches the host, and comes back whole. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock } from '../../src/base/clock';
import { TextLog } from '../../src/base/log';
import { askHost } from '../../src/hosting/askHost';
import { HostRoutes } from '../../src/hosting/hostRoutes';
import { SharedKeys } from '../../src/hosting/sharedKeys';
import { KeywheelService } from '../../src/service/keywheelService';
import { plainKey } from '../../src/service/storedKey';

describe('a host that is offered 5,000 keys', () => {
  it('takes them', async () => {
    const clock = new SystemClock();
    const log = new TextLog(() => undefined);
    const identity = {
      secret: randomBytes(32),
      machineId: 'machine',
      instance: 'one',
      version: '1.0.0',
      product: 'Test Code',
      machine: 'here',
      window: 'w',
    };
    const service = new KeywheelService({ clock, log, version: '1.0.0' });
    const keys = new SharedKeys({ setKeys: () => undefined, setProxyKey: () => undefined }, log);
    const routes = new HostRoutes({ clock, log, service, keys, identity, leave: () => undefined });
    const server = createServer((request, response) => routes.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const all = Array.from({ length: 5_000 }, () => plainKey(`sk-or-v1-${randomBytes(32).toString('hex')}`));
    const reply = await askHost((server.address() as AddressInfo).port, identity, {
      name: 'keys',
      sealedAs: 'offerKeys',
      answerSealedAs: 'knownKeys',
      body: { revision: 1, keys: all, proxyKey: null },
      timeoutMs: 10_000,
    });
    assert.equal(reply?.status, 200);
    assert.deepEqual(reply.body, keys.current);
    assert.equal(keys.current.keys.length, 5_000);
    routes.dispose();
    service.dispose();
    server.closeAllConnections();
    server.close();
  });
});
