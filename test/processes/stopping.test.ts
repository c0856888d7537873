/** A window that stops the proxy of another, over connections that break. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/base/clock';
import { TextLog } from '../../src/base/log';
import { Claim } from '../../src/hosting/hosting';
import { Hold } from '../../src/hosting/hold';
import { Hosting } from '../../src/hosting/hosting';
import { HostRoutes } from '../../src/hosting/hostRoutes';
import { SharedKeys } from '../../src/hosting/keyShare';
import { Station } from '../../src/hosting/station';
import { KeywheelService } from '../../src/service/keywheelService';
import { defaultSettings } from '../../src/service/settings';

const clock = new SystemClock();
const log = new TextLog(() => undefined);

/** The result of a follower's stop where the host's connection breaks `breaks` times before the host has heard it. */
async function stopped(
  breaks: number,
): Promise<{ readonly left: number; readonly place: string; readonly isHeld: boolean }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keywheel-stop-'));
  const own = {
    secret: randomBytes(32),
    machineId: 'm',
    version: '1.0.0',
    product: 'Test Code',
    machine: 'here',
  };
  const identity = { ...own, window: 'follower' };
  const service = new KeywheelService({ clock, log, version: '1.0.0' });
  const keys = new SharedKeys(service, log);
  let left = 0;
  const leave = (): void => {
    left++;
  };
  const host = { ...own, window: 'host' };
  const routes = new HostRoutes({ clock, log, service, keys, identity: host, leave });
  const server = createServer((request, response) => {
    if (request.url === '/host/stop' && breaks-- > 0) request.socket.destroy();
    else routes.handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const read = async (): Promise<'gone'> => await new Promise(() => undefined);
  const hold = new Hold({ clock, log, folder });
  const hosting = new Hosting({
    clock,
    identity,
    read,
    claim: new Claim(clock, path.join(folder, 'claim')),
    spawn: () => assert.fail('it does not host'),
    handover: () => assert.fail('it does not host'),
    onTrouble: () => undefined,
  });
  const ports = { clock, log, random: Math.random, identity, hold, hosting, read };
  const station = new Station(ports, { ...defaultSettings, port });
  const follows = new Promise<void>((resolve) => {
    station.onDidChange(() => {
      if (station.place.kind === 'following') resolve();
    });
  });
  station.open(false);
  await follows;
  await station.stop(0);
  const end = { left, place: station.place.kind, isHeld: hold.isHeld };
  for (const each of [station, hosting, hold, routes, service]) each.dispose();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
  return end;
}

describe('a stop from a window that follows', () => {
  it('is asked again where the connection to the host breaks', async () => {
    assert.deepEqual(await stopped(1), { left: 1, place: 'stopped', isHeld: true });
  });

  it('is not shown where the host goes on', async () => {
    assert.deepEqual(await stopped(9), { left: 0, place: 'following', isHeld: false });
  });
});
