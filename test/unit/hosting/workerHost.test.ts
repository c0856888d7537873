import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { SystemClock } from '../../../src/base/clock';
import { TextLog } from '../../../src/base/log';
import { WorkerHost, type Handover } from '../../../src/hosting/workerHost';
import { defaultSettings } from '../../../src/service/settings';

/** A worker that logs what it hears, and is running when it is told to start. */
const echo = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', ({ kind }) => {
    parentPort.postMessage({ kind: 'log', level: 'info', line: kind });
    if (kind === 'start') parentPort.postMessage({ kind: 'started', proxy: { kind: 'running' } });
    if (kind === 'leave') parentPort.postMessage({ kind: 'leaving', reason: 'closing' });
  });`;

const handover: Handover = {
  identity: {
    secret: Buffer.alloc(32),
    machineId: 'm',
    version: '1.0.0',
    product: 'Test Code',
    machine: 'here',
    window: 'w',
  },
  state: null,
  history: null,
  keys: { revision: 0, keys: [], proxyKey: null },
  logLevel: 'info',
};

function world() {
  const heard: string[] = [];
  const log = new TextLog(
    (_level, line) => heard.push(line),
    () => true,
  );
  const spawn = (): Worker => new Worker(echo, { eval: true });
  return {
    heard,
    host: new WorkerHost({
      clock: new SystemClock(),
      log,
      spawn,
      onLastState: () => undefined,
      onLate: () => undefined,
    }),
  };
}

describe('the window’s side of the worker', () => {
  it('tells the worker nothing before what it begins with is there, and then all in order', async () => {
    const { heard, host } = world();
    let give: (made: Handover) => void = () => undefined;
    const started = host.start(defaultSettings, new Promise((resolve) => (give = resolve)));
    host.setLogLevel('debug');
    host.leave('closing', 0);
    // Long enough for a thread to begin and to get its messages.
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(heard, []);
    give(handover);
    assert.deepEqual(await started, { kind: 'running' });
    assert.equal(await host.ended, 'closing');
    assert.deepEqual(heard, ['start', 'logLevel', 'leave']);
    host.dispose();
  });

  it('does not start where what it begins with cannot be made', async () => {
    const { heard, host } = world();
    const failure = new Error('The disk is gone.');
    await assert.rejects(host.start(defaultSettings, Promise.reject(failure)), failure);
    host.leave('closing', 0);
    host.dispose();
    assert.equal(await host.ended, 'crashed');
    assert.deepEqual(heard, []);
  });
});
