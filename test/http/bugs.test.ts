// A bug costs the one request in which it shows: it has an answer or an end, and the proxy goes on.
import assert from 'node:assert/strict';
import { SystemClock } from '../../src/base/clock';
import { TextLog } from '../../src/base/log';
import { KeywheelService } from '../../src/service/keywheelService';
import { defaultSettings } from '../../src/service/settings';
import { plainKey } from '../../src/service/keyring/storedKey';
import { ask } from './client';
import { keyFor, PROXY_KEY, withRig } from './support';

describe('a label', () => {
  it('that is no whole text does no harm where it stands in a header', async () => {
    const keys = [plainKey(keyFor('a'), 'half a \ud83d pair')];
    await withRig({ keys }, async (rig) => {
      const reply = await rig.get();
      assert.equal(reply.status, 200);
      assert.equal(decodeURIComponent(reply.header('x-keywheel-key') ?? ''), 'half a \ufffd pair');
    });
  });
});

describe('a bug', () => {
  it('that leaves no way to answer ends its own connection, is logged, and the proxy goes on', async () => {
    const lines: string[] = [];
    const service = new KeywheelService({
      clock: new SystemClock(),
      log: new TextLog((level, line) => lines.push(`${level} ${line}`)),
      version: '0',
      routes: (request, response) => {
        if (request.url !== '/bug') return false;
        response.writeHead(200, { 'content-length': 100 });
        response.write('Half of it');
        throw new Error('Half-way.');
      },
    });
    try {
      await service.configure({ ...defaultSettings, port: 0 });
      service.setProxyKey(PROXY_KEY);
      const state = await service.start();
      assert.ok(state.kind === 'running');
      const bug = await ask(state.port, { method: 'GET', path: '/bug' });
      assert.ok(!bug.isWhole);
      assert.match(lines.join('\n'), /error [^]*Half-way/);
      assert.equal((await ask(state.port, { method: 'GET', path: '/health' })).status, 200);
      await service.stop(0);
    } finally {
      service.dispose();
    }
  });
});
