// The dashboard's cost: crowded, scrolled, and while everything changes.
import assert from 'node:assert/strict';
import { SystemClock } from '../../src/base/clock';
import { Emitter } from '../../src/base/event';
import { DashboardFeed } from '../../src/vscode/dashboardFeed';
import { pollUntil } from '../vscode/quickInput';
import { BareDashboard } from './support/bareDashboard';
import { crowdedActivity, crowdedSeries, crowdedState } from './support/crowd';
import { Stage } from './support/stage';

describe('the crowded dashboard', () => {
  const stage = new Stage();
  let dashboard: BareDashboard;
  const nowMs = Date.now();
  const state = crowdedState(nowMs);
  const hello = { type: 'hello', locale: 'en', words: {}, state } as const;

  before(async () => {
    dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
  });

  it('opens with 50 keys in 30 accounts, and with 500 exchanges, within 300 ms, or what drawing anew takes a slow machine', async () => {
    const took: Record<string, number> = {};
    for (const tab of ['accounts', 'history', 'activity'] as const) {
      const more =
        tab === 'history'
          ? [{ type: 'history', series: crowdedSeries(nowMs) } as const]
          : tab === 'activity'
            ? [{ type: 'activity', exchanges: crowdedActivity(nowMs) } as const]
            : [];
      // The best of three: the machine does other things as well.
      for (let turn = 0; turn < 3; turn++) {
        await dashboard.load(tab);
        const ms = Math.round(await dashboard.show([hello, ...more]));
        took[tab] = Math.min(took[tab] ?? ms, ms);
      }
    }
    await pollUntil(
      async () => (await dashboard.page.locator('.exchange').count()) === 500,
      'Rows are missing',
    );
    const bareMs = await bareUpdateMs();
    console.log(
      `      opened in ms: ${JSON.stringify(took)}; drawn anew in ${bareMs.toFixed(0)} ms of processor time`,
    );
    for (const [tab, ms] of Object.entries(took)) assert.ok(ms < Math.max(300, bareMs), `${tab}: ${ms} ms`);
  });

  it('scrolls through 500 exchanges without a frame that one would see missing', async () => {
    await dashboard.load('activity');
    await dashboard.show([hello, { type: 'activity', exchanges: crowdedActivity(nowMs) }]);
    await pause(1000);
    const stillMs = await frameMs(0);
    const scrollingMs = await frameMs(120);
    console.log(
      `      95 % of the frames within ${scrollingMs.toFixed(1)} ms, and ${stillMs.toFixed(1)} ms where nothing moves`,
    );
    assert.ok(scrollingMs < Math.max(50, (await bareUpdateMs()) / 2), `${scrollingMs} ms`);
  });

  it('costs under 5 % of a core, or half of what drawing anew takes a slow one, and shifts nothing with a thousand updates in ten seconds', async () => {
    const { page } = dashboard;
    await dashboard.load('accounts');
    await dashboard.show([hello]);
    await pause(1000);
    await page.evaluate(`{
      window.shifts = 0;
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifts += entry.value; })
        .observe({ type: 'layout-shift', buffered: false });
    }`);
    // As in the extension: what changes goes to the feed, which posts to the page.
    const changed = new Emitter<void>((error) => assert.fail(String(error)));
    const posting: Promise<unknown>[] = [];
    let now = state;
    const feed = new DashboardFeed({
      clock: new SystemClock(),
      state: { read: () => now, onDidChange: changed.event },
      series: { view: () => crowdedSeries(nowMs) },
      service: {
        activity: () => [],
        onDidFinishExchange: () => ({ dispose: () => undefined }),
        onDidChangeHistory: () => ({ dispose: () => undefined }),
      },
      post: (message) => posting.push(page.evaluate(`window.postMessage(${JSON.stringify(message)}, '*')`)),
    });
    feed.show('accounts');
    const [before, beganMs] = [await dashboard.processorMs(), Date.now()];
    for (let update = 0; update < 1000; update++) {
      now = crowdedState(nowMs, update);
      changed.fire();
      await pause(Math.max(beganMs + (update + 1) * 10 - Date.now(), 0));
    }
    await pause(300);
    feed.dispose();
    await Promise.all(posting);
    const tookMs = Date.now() - beganMs;
    const usedMs = (await dashboard.processorMs()) - before;
    const shifts = Number(await page.evaluate('window.shifts'));
    const share = usedMs / tookMs;
    const bareShare = ((await bareUpdateMs()) * posting.length) / tookMs;
    const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
    console.log(
      `      ${posting.length} messages, ${percent(share)} of a core (${percent(bareShare)} if each had drawn all anew), layout shift ${shifts}`,
    );
    assert.equal(shifts, 0);
    assert.ok(share < Math.max(0.05, bareShare / 2), percent(share));
  });

  it('draws what is in sight at once, what is scrolled to when it comes, and all the rest within ten seconds', async () => {
    const { page } = dashboard;
    await page.clock.install({ time: nowMs });
    await dashboard.load('accounts');
    await dashboard.show([hello]);
    // The sums of requests, as they change with each account.
    const shown = async (): Promise<string[]> =>
      await page.locator('.accounts tbody tr:first-child .requests').allTextContents();
    const atFirst = await shown();
    // Until the browser has said what is in sight.
    await pause(300);
    await dashboard.show([{ type: 'state', state: crowdedState(nowMs, 3000) }]);
    const changed = (texts: readonly string[]): boolean[] =>
      texts.map((text, index) => text !== atFirst[index]);
    const [first, ...others] = changed(await shown());
    assert.equal(first, true, 'What is in sight was not drawn');
    assert.equal(others.at(-1), false, 'What is out of sight was drawn');
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
    await pollUntil(async () => changed(await shown()).at(-1) === true, 'The last row was not drawn');
    assert.equal(changed(await shown()).every(Boolean), false);
    await page.clock.fastForward(10_000);
    await pollUntil(async () => changed(await shown()).every(Boolean), 'Rows out of sight were forgotten');
  });

  /** Within which time 95 % of 120 frames follow each other while the page is scrolled by so much with each. */
  async function frameMs(scrollPx: number): Promise<number> {
    return Number(
      await dashboard.page.evaluate(`new Promise((resolve) => {
        let last = performance.now();
        const gaps = [];
        const step = (now) => {
          gaps.push(now - last);
          last = now;
          window.scrollBy(0, ${scrollPx});
          if (gaps.length < 120) requestAnimationFrame(step);
          else resolve(gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.95)]);
        };
        requestAnimationFrame(step);
      })`),
    );
  }

  /** The processor time that drawing the whole page anew takes: where that is long, the machine is too slow for the figures. */
  async function bareUpdateMs(): Promise<number> {
    const times = 5;
    const before = await dashboard.processorMs();
    for (let time = 0; time < times; time++) {
      await dashboard.page.evaluate(`new Promise((resolve) => {
        document.body.innerHTML = document.body.innerHTML;
        requestAnimationFrame(() => requestAnimationFrame(resolve));
      })`);
    }
    return ((await dashboard.processorMs()) - before) / times;
  }
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
