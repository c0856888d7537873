// The dashboard while everything in it changes: what it does under the user's hands, and what it costs in processor time.
import assert from 'node:assert/strict';
import { SystemClock } from '../../src/base/clock';
import { Emitter } from '../../src/base/event';
import type { DashboardState } from '../../src/service/messages';
import type { AccountView, BusyModel } from '../../src/service/snapshot';
import { DashboardFeed } from '../../src/vscode/dashboardFeed';
import { accountView, keyView, stateOf } from '../unit/vscode/views';
import { pollUntil } from '../vscode/quickInput';
import { BareDashboard, hello } from './support/bareDashboard';
import { crowdedSeries, crowdedState } from './support/crowd';
import { Stage } from './support/stage';

describe('the dashboard while its keys change', () => {
  const stage = new Stage();
  let dashboard: BareDashboard;
  const keys = ['One', 'Two', 'Three'].map((label) => keyView({ keyId: label, label }));
  const [one, two, three] = keys.map((key) =>
    accountView({ accountId: key.label, name: key.label, keys: [key] }),
  ) as [AccountView, AccountView, AccountView];
  const joined = accountView({ accountId: 'One', name: 'Ada', keys: keys.slice(0, 2) });

  before(async () => {
    dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
  });

  beforeEach(async () => {
    await dashboard.load('accounts');
    await dashboard.show([hello(stateOf([one, two]))]);
  });

  it('leaves the focus on the button of a key that is moved up', async () => {
    const { page } = dashboard;
    await page.locator('[aria-haspopup="menu"]').nth(1).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Move Up' }).press('Enter');
    await changeTo([two, one]);
    assert.equal(await focused(), 'More actions for “Two”');
    assert.deepEqual(await page.locator('.accounts .title').allTextContents(), ['Two', 'One']);
    const parts = `[...document.querySelector('.accounts').children].map(({ tagName }) => tagName).join(' ')`;
    assert.equal(await page.evaluate(parts), 'CAPTION THEAD TBODY TBODY');
  });

  it('takes what is typed into a form below a key while others come, move and go', async () => {
    const { page } = dashboard;
    await openEditor();
    for (const accounts of [[one, two, three], [three, two, one], [two], [one, two, three]]) {
      await changeTo(accounts);
      await page.keyboard.type('.');
    }
    assert.equal(await focused(), 'Label');
    assert.equal(await typed(), 'Half a na....');
    assert.deepEqual(await page.locator('.accounts .title').allTextContents(), ['One', 'Two', 'Three']);
  });

  it('keeps the focus where two keys turn out to be of one account', async () => {
    const { page } = dashboard;
    await openEditor();
    await changeTo([joined, three]);
    await page.keyboard.type('me');
    assert.equal(await focused(), 'Label');
    assert.equal(await typed(), 'Half a name');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.editor').count(), 0);
    assert.equal(await focused(), 'Edit “Two”');
    await changeTo([one, two]);
    assert.equal(await focused(), 'Edit “Two”');
    assert.equal(await page.locator('tr.single').count(), 2);
  });

  it('closes the menu of a key by a second click on its button, and opens it by a third', async () => {
    const { page } = dashboard;
    const press = async (key: string): Promise<unknown> => {
      await page.getByLabel(`More actions for “${key}”`, { exact: true }).and(page.locator('button')).click();
      return await page.locator('.menu, [aria-expanded="true"]').count();
    };
    for (const expected of [2, 0, 2]) assert.equal(await press('Two'), expected);
    // The menu of another key takes the place of this one.
    assert.equal(await press('One'), 2);
    assert.equal(await press('One'), 0);
    assert.equal(await focused(), 'More actions for “One”');
  });

  it('writes nothing into the table when the same keys come again', async () => {
    await dashboard.page.evaluate(`{
      window.writes = 0;
      new MutationObserver((records) => { window.writes += records.length; })
        .observe(document.querySelector('.accounts'), { subtree: true, childList: true, attributes: true });
    }`);
    await changeTo([one, two]);
    assert.equal(await dashboard.page.evaluate('window.writes'), 0);
    await changeTo([one, two, three]);
    assert.equal(await dashboard.page.evaluate('window.writes'), 1);
  });

  async function changeTo(accounts: readonly AccountView[]): Promise<void> {
    await dashboard.show([{ type: 'state', state: stateOf(accounts) }]);
    await drawn();
  }

  async function openEditor(): Promise<void> {
    const { page } = dashboard;
    await page.getByLabel('Edit “Two”').press('Enter');
    await pollUntil(async () => (await focused()) === 'Label', 'The form did not take the focus');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('Half a na');
  }

  /** The name of what has the focus. */
  async function focused(): Promise<unknown> {
    return await dashboard.page.evaluate(
      '(document.activeElement.ariaLabel || document.activeElement.label) ?? document.activeElement.tagName',
    );
  }

  async function typed(): Promise<unknown> {
    return await dashboard.page.evaluate(`document.querySelector('.editor vscode-textfield').value`);
  }
});

describe('the history while its figures change', () => {
  const stage = new Stage();
  const nowMs = Date.now();
  const series = crowdedSeries(nowMs);
  const [, model = ''] = series.models.map((use) => use.model);
  const busy = { model, accountId: null, sinceMs: nowMs, untilMs: nowMs + 3_600_000 };

  it('keeps the focus on the button that unlocks a model, and gives it to the table when the button goes', async () => {
    const dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
    const { page } = dashboard;
    const focused = async (): Promise<unknown> => await page.evaluate('document.activeElement.ariaLabel');
    const state = (busyModels: readonly BusyModel[]): DashboardState => {
      const shown = stateOf([accountView()]);
      return { ...shown, snapshot: { ...shown.snapshot, busyModels } };
    };
    await dashboard.load('history');
    await dashboard.show([hello(state([busy])), { type: 'history', series }]);
    await page.getByRole('button', { name: `Unlock ${model}` }).focus();
    const more = series.models.map((use) => ({ ...use, requests: use.requests + 1 })).reverse();
    await dashboard.show([{ type: 'history', series: { ...series, models: more } }]);
    await drawn();
    assert.equal(await focused(), `Unlock ${model}`);
    assert.deepEqual(
      await page.locator('section.use').first().locator('tbody th').allTextContents(),
      more.map((use) => use.model),
    );
    for (const from of [[busy], [{ ...busy, model: 'busy/unused' }]]) {
      await dashboard.show([{ type: 'state', state: state(from) }]);
      await drawn();
      await page.getByRole('button', { name: /^Unlock/ }).focus();
      await dashboard.show([{ type: 'state', state: state([]) }]);
      await drawn();
      assert.equal(await focused(), 'By model');
    }
    assert.equal(await page.getByRole('button', { name: /^Unlock/ }).count(), 0);
  });
});

describe('the chart of first tokens', () => {
  const stage = new Stage();

  it('shows the only one of a day', async () => {
    const dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
    const series = crowdedSeries(Date.now());
    await dashboard.load('history');
    const colours = { foreground: '#000000', 'charts-blue': '#0000ff', 'charts-purple': '#ff00ff' };
    await dashboard.page.evaluate(
      `for (const [name, colour] of Object.entries(${JSON.stringify(colours)}))
        document.documentElement.style.setProperty('--vscode-' + name, colour);`,
    );
    await dashboard.show([hello(stateOf([accountView()]))]);
    const firstToken = series.firstToken.map((_, index) => (index === 200 ? [[5, 1] as const] : []));
    await dashboard.show([{ type: 'history', series: { ...series, firstToken } }]);
    await drawn();
    const coloured = await dashboard.page.evaluate(`{
      const canvas = [...document.querySelectorAll('canvas')].at(-1);
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4)
        if (data[at] > 200 && data[at + 1] < 50 && data[at + 2] > 200) count++;
      count;
    }`);
    assert.ok(Number(coloured) > 5, `${String(coloured)} pixels`);
  });
});

describe('the crowded dashboard while everything changes', () => {
  const stage = new Stage();
  let dashboard: BareDashboard;
  const nowMs = Date.now();
  const state = crowdedState(nowMs);

  before(async () => {
    dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
  });

  it('costs under 5 % of a core, or half of what drawing anew takes a slow one, and shifts nothing with a thousand updates in ten seconds', async () => {
    const { page } = dashboard;
    await dashboard.load('accounts');
    await dashboard.show([hello(state)]);
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
    await drawn();
    feed.dispose();
    await Promise.all(posting);
    const tookMs = Date.now() - beganMs;
    const usedMs = (await dashboard.processorMs()) - before;
    const shifts = Number(await page.evaluate('window.shifts'));
    const share = usedMs / tookMs;
    const bareShare = ((await dashboard.drawAnewMs()) * posting.length) / tookMs;
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
    await dashboard.show([hello(state)]);
    // The sums of requests, as they change with each account.
    const shown = async (): Promise<string[]> =>
      await page.locator('.accounts tbody tr:first-child .requests').allTextContents();
    const atFirst = await shown();
    // Until the browser has said what is in sight.
    await drawn();
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
});

/** The page draws no oftener than four times a second. */
async function drawn(): Promise<void> {
  await pause(300);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
