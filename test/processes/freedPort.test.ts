/** The time for which clients are refused after another program has left the port, which it had for minutes. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TextLog } from '../../src/base/log';
import { Hold } from '../../src/hosting/hold';
import { Claim, Hosting } from '../../src/hosting/hosting';
import { Station } from '../../src/hosting/station';
import { defaultSettings } from '../../src/service/settings';
import { ManualClock } from '../support/manualClock';
import { until } from './support/windows';

describe('a port that another program had for minutes', () => {
  const clock = new ManualClock();
  const log = new TextLog(() => undefined);
  let folder = '';

  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'keywheel-freed-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Moves the clock until the condition holds; the clock stands still while the window asks. */
  async function passUntil(holds: () => boolean): Promise<number> {
    const fromMs = clock.elapsedMs();
    while (!holds()) {
      await until('paused or done', () => clock.pending > 0 || holds());
      if (!holds()) clock.advance(250);
    }
    return clock.elapsedMs() - fromMs;
  }

  /** A window that looks at a port where each request is met so; `asked` counts them. */
  async function look(meet: (response: ServerResponse) => void): Promise<{
    readonly asked: () => number;
    readonly hasBegun: () => boolean;
    readonly leavePort: () => Promise<unknown>;
    readonly dispose: () => void;
  }> {
    let asked = 0;
    const stranger = createServer((_, response) => {
      asked++;
      meet(response);
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    const own = { secret: randomBytes(32), machineId: 'm', version: '1.0.0', product: 'Test Code' };
    const identity = { ...own, machine: 'here', window: 'window' };
    const hold = new Hold({ clock, log, folder });
    let isBegun = false;
    const hosting = new Hosting({
      clock,
      identity,
      read: () => assert.fail('nobody hosts'),
      claim: new Claim(clock, path.join(folder, 'claim')),
      spawn: () => {
        isBegun = true;
        throw new Error('It need not host.');
      },
      handover: () => assert.fail('it need not host'),
      onTrouble: () => undefined,
    });
    const read = (): Promise<'gone'> => assert.fail('nobody hosts');
    const ports = { clock, log, random: Math.random, identity, hold, hosting, read };
    const station = new Station(ports, { ...defaultSettings, port });
    station.open(true);
    return {
      asked: () => asked,
      hasBegun: () => isBegun,
      leavePort: async () => await new Promise((resolve) => stranger.close(resolve)),
      dispose: () => {
        for (const each of [station, hosting, hold]) each.dispose();
        stranger.close();
      },
    };
  }

  it('is taken within two seconds of its being left, though the program is asked ever more rarely', async () => {
    const { asked, hasBegun, leavePort, dispose } = await look((response) => response.end('hello'));
    const passedMs = await passUntil(() => asked() === 8);
    assert.ok(passedMs > 60_000, `asked 8 times in ${passedMs} ms`);
    await leavePort();
    const tookMs = await passUntil(hasBegun);
    assert.ok(tookMs <= 2_000, `taken after ${tookMs} ms`);
    dispose();
  });

  it('is asked every five seconds where it does not answer: a host that was frozen may run again', async () => {
    const { asked, dispose } = await look((response) => response.destroy());
    await passUntil(() => asked() === 8);
    const passedMs = await passUntil(() => asked() === 10);
    assert.ok(passedMs <= 11_000, `asked twice in ${passedMs} ms`);
    dispose();
  });
});
