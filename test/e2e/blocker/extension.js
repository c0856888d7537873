// Another extension in the same extension host: it blocks the host on command, relays a stream like a proxy without a worker,
// and measures Keywheel's start.
const { pbkdf2 } = require('node:crypto');
const { appendFileSync, writeFileSync } = require('node:fs');
const { stat } = require('node:fs/promises');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const vscode = require('vscode');

const derive = promisify(pbkdf2);
const { BLOCKER_FOLDER: folder, BLOCKER_UPSTREAM: upstream, BLOCKER_KEYWHEEL_PORT: port } = process.env;

function activate(context) {
  const note = (name, value) => appendFileSync(path.join(folder, name), `${JSON.stringify(value)}\n`);
  const relay = http.createServer((request, response) => {
    const onward = http.request(
      new URL(request.url, upstream),
      { method: request.method, headers: { ...request.headers, host: new URL(upstream).host } },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  relay.listen(0, '127.0.0.1', () => writeFileSync(path.join(folder, 'relay'), String(relay.address().port)));
  context.subscriptions.push(
    { dispose: () => relay.close() },
    vscode.commands.registerCommand('blocker.spin', async () => {
      await settled();
      note('spins', { atMs: Date.now() });
      const untilMs = Date.now() + 3000;
      while (Date.now() < untilMs);
      note('spins no more', {});
      note('spins over', {});
    }),
    vscode.commands.registerCommand('blocker.fillPool', async () => {
      await settled();
      const atMs = Date.now();
      note('fills', { atMs });
      const full = Array.from({ length: 8 }, () => derive('password', 'salt', 1_500_000, 64, 'sha512'));
      // One job more in the pool, which waits as long as any new job.
      await stat(folder);
      note('fills no more', { waitedMs: Date.now() - atMs });
      await Promise.all(full);
      note('fills over', {});
    }),
  );
  void measureStart(note);
}

/** Waits until the command palette has closed, because drawing it costs time that is not to be measured. */
async function settled() {
  await new Promise((resolve) => setTimeout(resolve, 1_500));
}

/** Times from the call of Keywheel's activation: until it returned, and until the port was bound. */
async function measureStart(note) {
  const keywheel = vscode.extensions.getExtension('keywheel.keywheel');
  if (keywheel === undefined) return;
  // VS Code finds the module in the cache: its activation is measured alone, without the loading of its code.
  const file = require.resolve(path.join(keywheel.extensionPath, 'dist', 'extension.js'));
  const code = performance.now();
  const real = require(file);
  const loadedMs = performance.now() - code;
  const called = new Promise((resolve) => {
    const activate = (context) => {
      const cpuBefore = process.cpuUsage();
      const startedAt = performance.now();
      const exported = real.activate(context);
      const activatedMs = performance.now() - startedAt;
      const { user, system } = process.cpuUsage(cpuBefore);
      resolve({ startedAt, activatedMs, activatedCpuMs: (user + system) / 1000 });
      return exported;
    };
    require.cache[file].exports = { ...real, activate };
  });
  const { startedAt, activatedMs, activatedCpuMs } = await called;
  const boundMs = await bound(startedAt, Number(port));
  const bareBoundMs = await bareBound();
  note('starts', { loadedMs, activatedMs, activatedCpuMs, boundMs, bareBoundMs });
}

/** The start of a thread that does nothing but listen: the least time on this machine, however busy it is. */
async function bareBound() {
  const startedAt = performance.now();
  const code = `const server = require('node:net').createServer((socket) => socket.end());
    server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));`;
  const worker = new Worker(code, { eval: true });
  const barePort = await new Promise((resolve) => worker.once('message', resolve));
  const boundMs = await bound(startedAt, barePort);
  await worker.terminate();
  return boundMs;
}

async function bound(startedAt, port) {
  for (;;) {
    const isBound = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (isBound) return performance.now() - startedAt;
    if (performance.now() - startedAt > 60_000) return null;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

module.exports = { activate };
