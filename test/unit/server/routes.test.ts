// The files of pages, which need no proxy key; their content is tested in test/http/serverPages.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../../src/base/secret';
import { readHead } from '../../../src/proxy/request/admission';
import { Metrics } from '../../../src/server/metrics';
import { Routes } from '../../../src/server/routes';
import { KeywheelService } from '../../../src/service/keywheelService';
import { TextLog } from '../../../src/base/log';
import { ManualClock } from '../../support/manualClock';

describe('the files of pages', () => {
  it('are in memory once, however many clients take their time with them, and read again where that failed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywheel-pages-'));
    const service = new KeywheelService({
      clock: new ManualClock(),
      log: new TextLog(() => undefined),
      version: '0',
    });
    const metrics = new Metrics(service, '0');
    try {
      const routes = new Routes({ service, metrics, version: '0', folder });
      const rules = { boundHost: '::1', allowedHosts: [], proxyKey: new Secret('x'), allowKeyChanges: false };
      const ask = async () => (await routes.answer(readHead('GET', '/docs/swagger-ui.js', []), rules))?.body;
      // For example too many open files.
      await assert.rejects(ask());
      writeFileSync(join(folder, 'swagger-ui.js'), 'viewer');
      const [first, second] = await Promise.all([ask(), ask()]);
      assert.equal(String(first), 'viewer');
      assert.ok(Buffer.isBuffer(first) && first === second && first === (await ask()));
    } finally {
      metrics.dispose();
      service.dispose();
      rmSync(folder, { recursive: true });
    }
  });
});
