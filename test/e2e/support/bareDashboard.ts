/** The dashboard's page in a browser of its own, with a test in the extension's place: for figures of the page alone. */
import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';
import type { DashboardState, DashboardTab, ToDashboard } from '../../../src/service/messages';
import { dashboardHtml } from '../../../src/words/pageHtml';
import { ensureBrowser } from '../../tools/browser';
import { checkoutFolder } from '../../tools/paths';
import { reportToStderr } from '../../tools/progress';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.ttf': 'font/ttf',
};

/** The page's first message, in English. */
export function hello(state: DashboardState): ToDashboard {
  return { type: 'hello', locale: 'en', words: {}, state };
}

export class BareDashboard {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
    readonly page: Page,
    private readonly cdp: CDPSession,
  ) {}

  /** Serves the built files from dist/ and media/; no page is open yet. */
  static async start(): Promise<BareDashboard> {
    const server = createServer((request, response) => {
      void answer(request.url ?? '/', base()).then(({ body, type }) => {
        response.setHeader('content-type', type);
        response.end(body);
      });
    });
    const base = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const executablePath = await ensureBrowser(reportToStderr);
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.setDefaultTimeout(120_000);
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable');
    return new BareDashboard(server, browser, page, cdp);
  }

  /** A fresh page that shows this tab once it has content; `window.posted` has its messages, `window.kept` its state. */
  async load(tab: DashboardTab): Promise<void> {
    // Code as text, because the test runner's compiler would put its own names into a function.
    await this.page.addInitScript(
      `window.acquireVsCodeApi = () => ({ postMessage(message) { (window.posted ??= []).push(message); }, setState(state) { window.kept = state; }, getState: () => ({ tab: '${tab}' }) });`,
    );
    await this.page.goto(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`);
  }

  /** Posts the messages as VS Code does; resolves after they were painted, to the time that it took. */
  async show(messages: readonly ToDashboard[]): Promise<number> {
    const script = `(async () => {
      const messages = ${JSON.stringify(messages)};
      const begin = performance.now();
      for (const message of messages) window.postMessage(message, '*');
      await new Promise((resolve) => setTimeout(resolve));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return performance.now() - begin;
    })()`;
    return Number(await this.page.evaluate(script));
  }

  /** Processor time that the page's process has used so far, in milliseconds. */
  async processorMs(): Promise<number> {
    const { metrics } = await this.cdp.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'ProcessTime')?.value ?? Number.NaN) * 1000;
  }

  /** Processor time to draw the whole page anew; if it is long, the machine is too slow for the figures. */
  async drawAnewMs(): Promise<number> {
    const times = 5;
    const before = await this.processorMs();
    for (let time = 0; time < times; time++) {
      await this.page.evaluate(`new Promise((resolve) => {
        document.body.innerHTML = document.body.innerHTML;
        requestAnimationFrame(() => requestAnimationFrame(resolve));
      })`);
    }
    return ((await this.processorMs()) - before) / times;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function answer(url: string, base: string): Promise<{ body: Buffer | string; type: string }> {
  if (url === '/') return { body: document(base), type: 'text/html' };
  const type = types[path.extname(url)];
  if (type === undefined) return { body: '', type: 'text/plain' };
  return { body: await readFile(path.join(checkoutFolder(), path.normalize(url))), type };
}

function document(base: string): string {
  return dashboardHtml({
    locale: 'en',
    cspSource: base,
    local: (...path) => [base, ...path].join('/'),
    nonce: 'bm9uY2U=',
  });
}
