// Each write to a stream fails once: its request goes on, or ends alone, and the next one is served.
import assert from 'node:assert/strict';
import { TextLog } from '../../src/base/log';
import { StateKeeping } from '../../src/service/saved/stateKeeping';
import { RawSocket, rawChat } from './client';
import { PAID, PROXY_KEY, withRig } from './support';

const stream = JSON.stringify({ model: PAID, stream: true, messages: [] });

describe('a write that fails', () => {
  it('of the log loses a line, and nothing else', () => {
    const lines: string[] = [];
    let count = 0;
    const log = new TextLog((_level, line) => {
      if (++count === 2) throw new Error('EPIPE');
      lines.push(line);
    });
    for (const line of ['one', 'two', 'three']) log.info(line);
    assert.deepEqual(lines, ['one', 'three']);
  });

  it('of the state file is told once until one succeeds, and requests are served all the same', async () => {
    await withRig({}, async (rig) => {
      const told: string[] = [];
      const log = new TextLog((level, line) => {
        if (level === 'error') told.push(line);
      });
      const disk = { isFull: true, saved: 0 };
      const store = {
        load: async () => await Promise.resolve(null),
        save: async () => {
          if (disk.isFull) throw new Error('ENOSPC');
          await Promise.resolve(disk.saved++);
        },
      };
      const keeping = new StateKeeping({ owner: rig.service, name: 'counts', log, store });
      await keeping.restore();
      for (let count = 0; count < 4; count++) {
        if (count === 3) disk.isFull = false;
        assert.equal((await rig.get({ model: PAID })).status, 200);
        await rig.pass(1_000);
      }
      keeping.dispose();
      assert.equal(told.length, 1);
      assert.ok(disk.saved > 0);
    });
  });

  it('to a client ends that exchange alone, wherever in its answer the connection breaks', async () => {
    await withRig({ simulator: { answer: { events: 6, eventDelayMs: 100 } } }, async (rig) => {
      for (let afterMs = 0; afterMs <= 700; afterMs += 50) {
        const socket = await RawSocket.open(rig.port);
        socket.write(rawChat(PROXY_KEY, stream));
        await rig.pass(afterMs);
        socket.socket.resetAndDestroy();
        await rig.pass(10);
        assert.equal(rig.service.snapshot().wheel.inFlight, 0, `after ${afterMs} ms`);
      }
      assert.equal((await rig.get({ model: PAID })).status, 200);
    });
  });

  it('to upstream, at once or in the middle of an answer, ends no other exchange', async () => {
    await withRig({ simulator: { answer: { events: 6, eventDelayMs: 100 } } }, async (rig) => {
      for (let afterMs = 0; afterMs <= 600; afterMs += 150) {
        const broken = rig.ask({ model: PAID, stream: true });
        await rig.pass(afterMs);
        rig.simulator.resetConnections();
        assert.equal((await rig.get({ model: PAID, stream: true })).status, 200);
        assert.ok((await rig.drive(broken)).status >= 200);
      }
    });
  });
});
