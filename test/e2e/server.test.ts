/** The pages that the command line serves, in a browser: their content, their requests, and axe's findings. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { source as axe } from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import * as v from 'valibot';
import { ask } from '../http/client';
import { keyFor } from '../http/support';
import { Simulator } from '../simulator/simulator';
import { CliProcess } from '../support/cliProcess';
import { ensureBrowser } from '../tools/browser';
import { reportToStderr } from '../tools/progress';
import { pollUntil } from '../tools/quickInput';

const proxyKey = 'kw-own-0123456789abcdef0123456789';

describe('the pages of the command line', () => {
  let simulator: Simulator;
  let served: CliProcess;
  let browser: Browser;
  let origin: string;

  before(async () => {
    simulator = await Simulator.start({
      accounts: [
        { name: 'Anna', keys: [keyFor('anna1'), keyFor('anna2')], dailyLimit: 50, usedToday: 12 },
        { name: 'Ben', keys: [keyFor('ben')], dailyLimit: 50, usedToday: 50 },
        { name: 'Cleo', keys: [keyFor('cleo')], dailyLimit: 1000, credits: 12.5 },
      ],
    });
    const env = {
      OPENROUTER_KEYS: ['anna1', 'anna2', 'ben', 'cleo'].map(keyFor).join(','),
      OPENROUTER_BASE_URL: simulator.baseUrl,
      PROXY_API_KEY: proxyKey,
      PORT: '0',
    };
    const child = spawn(process.execPath, [path.resolve('dist', 'cli.js')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    served = new CliProcess(child);
    origin = `http://127.0.0.1:${await served.listening()}`;
    const executablePath = await ensureBrowser(reportToStderr);
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  });

  after(async () => {
    await browser.close();
    await served.kill('SIGKILL');
    await simulator.stop();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`show accounts and keys, to the proxy key alone (${colorScheme})`, async () => {
      await withPage(colorScheme, async (page) => {
        await page.goto(origin);
        assert.equal(page.url(), `${origin}/key-status`);
        await clean(page);
        for (const wrong of ['kw-wrong', 'kw–wrong']) {
          await page.getByLabel('Proxy key').fill(wrong);
          await page.getByRole('button', { name: 'Show' }).click();
          await page.getByText('This is not the proxy key.').waitFor();
        }
        await page.getByLabel('Proxy key').fill(proxyKey);
        await page.keyboard.press('Enter');
        await page.getByText('38 of 50').waitFor();
        const wanted = [/of 1,100 free requests left today/, /0 of 50/, /Used up until/, /\.\.\.cleo/];
        // Each account is read by itself.
        await pollUntil(async () => {
          const text = (await page.locator('main').innerText()).replaceAll('\u00a0', ' ');
          return text.includes(`${origin}/api/v1`) && wanted.every((each) => each.test(text));
        }, 'Not all was ever shown');
        assert.equal(await page.getByRole('switch').count(), 0);
        await clean(page);
        // Changes are shown without a click.
        await ask(Number(new URL(origin).port), { proxyKey });
        await page.getByText(/^99\d of 1,000$/).waitFor();
      });
    });

    it(`let the API be read and tried (${colorScheme})`, async () => {
      await withPage(colorScheme, async (page) => {
        await page.goto(`${origin}/docs`);
        await page.locator('.opblock').first().waitFor();
        await clean(page);
        await page.locator('.btn.authorize').first().click();
        await page.locator('.modal-ux input').fill(proxyKey);
        await clean(page);
        await page.locator('.modal-ux .authorize').click();
        await page.locator('.modal-ux .btn-done').click();
        const chat = page.locator('#operations-Models-chat');
        await chat.locator('.opblock-summary-control').click();
        await chat.locator('.execute').click();
        await chat
          .locator('.live-responses-table tbody .response-col_status')
          .filter({ hasText: '200' })
          .waitFor();
        await chat
          .locator('.live-responses-table')
          .filter({ hasText: /simulated OpenRouter/ })
          .waitFor();
        await clean(page);
      });
    });
  }

  /** No request goes to another host, and no message into the console. */
  async function withPage(colorScheme: 'light' | 'dark', use: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1000, height: 800 } });
    context.setDefaultTimeout(120_000);
    const faults: string[] = [];
    const page = await context.newPage();
    // The one answer that the test wants to be an error.
    const isExpected = (text: string): boolean => /status of 401/.test(text);
    page.on('console', (message) => {
      if (/error|warning/.test(message.type()) && !isExpected(message.text())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) faults.push(request.url());
    });
    try {
      await use(page);
      assert.deepEqual(faults, []);
    } finally {
      await context.close();
    }
  }

  async function clean(page: Page): Promise<void> {
    await page.evaluate(axe);
    const found: unknown = await page.evaluate(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ': ' + nodes.length + ' × ' + nodes[0].html.slice(0, 160)))`,
    );
    assert.deepEqual(v.parse(v.array(v.string()), found), []);
  }
});
