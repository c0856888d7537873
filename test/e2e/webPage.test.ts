// A web page on another origin, in a real browser: it causes no request to upstream, and can read no answer of the proxy.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type Page } from 'playwright-core';
import { PROXY_KEY, realTime, withRig } from '../http/support';
import { ensureBrowser } from '../tools/browser';
import { reportToStderr } from '../tools/progress';

const paths = [
  '/api/v1/models',
  '/api/v1/chat/completions',
  '/api/v1/key',
  '/key-status',
  '/health',
  '/host/events',
];

/** All ways from a page to another origin; resolves with the answers that it could read. Code as text, which the page runs. */
function attackOn(origin: string, key: string | null): string {
  return `(async () => {
    const origin = ${JSON.stringify(origin)};
    const key = ${JSON.stringify(key)};
    const read = [];
    const body = JSON.stringify({ model: 'x/y:free', messages: [{ role: 'user', content: 'Hi' }] });
    const headers = key === null ? {} : { authorization: 'Bearer ' + key };
    const patience = (work) => Promise.race([work, new Promise((resolve) => setTimeout(resolve, 20_000))]).catch(() => undefined);
    const note = (how, text) => { if (text) read.push(how + ': ' + String(text).slice(0, 80)); };
    for (const path of ${JSON.stringify(paths)}) {
      const url = origin + path;
      const keyed = key === null ? url : url + '?api_key=' + key + '&key=' + key;
      const ways = [
        fetch(url, { headers }).then(async (reply) => note('fetch', await reply.text())),
        fetch(url, { method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' } }).then(async (reply) => note('post', await reply.text())),
        fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/plain' } }).then(async (reply) => note('plain post', await reply.text())),
        fetch(keyed, { mode: 'no-cors', credentials: 'include' }).then(async (reply) => note('no-cors', await reply.text())),
        fetch(keyed, { method: 'POST', mode: 'no-cors', body }).then(async (reply) => note('no-cors post', await reply.text())),
        new Promise((resolve) => {
          const request = new XMLHttpRequest();
          request.open('GET', keyed);
          for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
          request.onloadend = () => { note('XHR', request.responseText); resolve(); };
          request.send();
        }),
        new Promise((resolve) => {
          const source = new EventSource(keyed);
          source.onmessage = (event) => { note('EventSource', event.data); source.close(); resolve(); };
          source.onerror = () => { source.close(); resolve(); };
        }),
        new Promise((resolve) => {
          const socket = new WebSocket(keyed.replace('http', 'ws'));
          socket.onopen = () => { note('WebSocket', 'open'); resolve(); };
          socket.onerror = () => resolve();
        }),
        new Promise((resolve) => {
          const code = 'fetch(' + JSON.stringify(url) + ').then((reply) => reply.text()).then(postMessage, () => postMessage(""))';
          const worker = new Worker(URL.createObjectURL(new Blob([code])));
          worker.onmessage = (event) => { note('worker', event.data); resolve(); };
          worker.onerror = () => resolve();
        }),
        ...[['img', 'src'], ['script', 'src'], ['link', 'href'], ['video', 'src'], ['audio', 'src']].map(([tag, attribute]) =>
          new Promise((resolve) => {
            const element = document.createElement(tag);
            if (tag === 'link') element.rel = 'stylesheet';
            element.onload = element.onloadeddata = () => { note(tag, 'loaded'); resolve(); };
            element.onerror = () => resolve();
            element[attribute] = keyed;
            document.body.append(element);
          })),
        new Promise((resolve) => {
          const frame = document.createElement('iframe');
          frame.name = 'frame' + path;
          frame.onload = () => {
            try { note('iframe', frame.contentDocument?.body?.textContent); } catch {}
            resolve();
          };
          frame.src = keyed;
          document.body.append(frame);
        }),
        new Promise((resolve) => {
          const frame = document.createElement('iframe');
          frame.name = 'posted' + path;
          document.body.append(frame);
          const form = document.createElement('form');
          form.method = 'POST';
          form.enctype = 'text/plain';
          form.action = keyed;
          form.target = frame.name;
          const field = document.createElement('input');
          field.name = body.slice(0, -1) + ',"x":"';
          field.value = '"}';
          form.append(field);
          document.body.append(form);
          frame.onload = () => resolve();
          form.submit();
        }),
      ];
      navigator.sendBeacon(keyed, body);
      await Promise.all(ways.map(patience));
    }
    return read;
  })()`;
}

describe('a web page on another origin', () => {
  let server: Server;
  let browser: Browser;

  before(async () => {
    server = createServer((_, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><body>A page.</body>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const executablePath = await ensureBrowser(reportToStderr);
    const names = 'MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1';
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=${names}`],
    });
  });

  after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });

  async function newPage(): Promise<Page> {
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    return page;
  }

  for (const key of [null, PROXY_KEY]) {
    for (const host of ['127.0.0.1', 'localhost', 'evil.example']) {
      it(`at ${host}, ${key === null ? 'without' : 'with'} the proxy key, asks nothing of upstream and reads nothing`, async () => {
        await withRig({ clock: realTime() }, async (rig) => {
          rig.simulator.forget();
          const page = await newPage();
          await page.goto(`http://${host}:${(server.address() as AddressInfo).port}/`);
          const read = await page.evaluate(attackOn(`http://127.0.0.1:${rig.port}`, key));
          await page.close();
          assert.deepEqual(read, []);
          assert.deepEqual(rig.attempts, []);
          assert.deepEqual(rig.service.activity(), []);
        });
      });
    }
  }

  it('does read a server that lets it, by the same ways', async () => {
    let asked = 0;
    const open = createServer((_, response) => {
      asked++;
      const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
      response.writeHead(200, headers).end('open');
    });
    await new Promise<void>((resolve) => open.listen(0, '127.0.0.1', resolve));
    const page = await newPage();
    await page.goto(`http://evil.example:${(server.address() as AddressInfo).port}/`);
    const read = await page.evaluate(
      attackOn(`http://127.0.0.1:${(open.address() as AddressInfo).port}`, PROXY_KEY),
    );
    await page.close();
    open.closeAllConnections();
    open.close();
    assert.ok(Array.isArray(read));
    for (const way of ['fetch', 'post', 'plain post', 'XHR', 'worker'])
      assert.ok(read.includes(`${way}: open`), way);
    assert.ok(asked > 10 * paths.length, String(asked));
  });

  it('under a name that is bound to this machine later reads nothing either', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const page = await newPage();
      const origin = `http://rebound.example:${rig.port}`;
      for (const path of paths) {
        const reply = await page.goto(`${origin}${path}`);
        assert.ok(reply?.status() === 403 || reply?.status() === 421, `${path}: ${reply?.status()}`);
        assert.doesNotMatch(await page.content(), /keywheel_|x\/y|sk-or/);
      }
      await page.close();
      assert.deepEqual(rig.attempts, []);
    });
  });
});
