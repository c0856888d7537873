import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Bench } from './bench';

describe('a service that is disposed', () => {
  it('listens no longer', async () => {
    const bench = await Bench.open();
    const port = Number(new URL(bench.baseUrl).port);
    await bench[Symbol.asyncDispose]();
    for (const host of ['127.0.0.1', '::1']) {
      const [error] = (await once(connect(port, host), 'error')) as [NodeJS.ErrnoException];
      assert.match(String(error.code), /ECONNREFUSED|EADDRNOTAVAIL/);
    }
  });
});
