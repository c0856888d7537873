// The dashboard while everything in it changes: it must not disturb the user, nor cost much processor time.
import assert from 'node:assert/strict';
import { SystemClock } from '../../src/base/clock';
import { Emitter } from '../../src/base/event';
import type { DashboardState } from '../../src/service/messages';
import type { AccountView, BusyModel, ExchangeView, RunningView } from '../../src/service/snapshot';
import { DashboardFeed } from '../../src/vscode/dashboardFeed';
import { exchangeView } from '../unit/service/exchanges';
import { accountView, keyView, runningView, stateOf } from '../unit/vscode/views';
import { pollUntil } from '../tools/quickInput';
import { BareDashboard, hello } from './support/bareDashboard';
import { crowdedModels, crowdedSeries, crowdedState } from './support/crowd';
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
    assert.equal(await focused(), 'Name');
    assert.equal(await typed(), 'Half a na....');
    assert.deepEqual(await page.locator('.accounts .title').allTextContents(), ['One', 'Two', 'Three']);
  });

  it('keeps the focus where two keys turn out to be of one account', async () => {
    const { page } = dashboard;
    await openEditor();
    await changeTo([joined, three]);
    await page.keyboard.type('me');
    assert.equal(await focused(), 'Name');
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

  it('renames an account in a form of its own, and keeps the half-typed one of a key', async () => {
    const { page } = dashboard;
    await changeTo([joined, three]);
    await openEditor();
    await page.getByLabel('More actions for “Account of Ada”').click();
    await page.getByRole('menuitem', { name: 'Rename Account…' }).click();
    await pollUntil(async () => (await focused()) === 'Account name', 'The form did not take the focus');
    await page.keyboard.type('Ada');
    await page.keyboard.press('Enter');
    assert.deepEqual(await page.evaluate(`window.posted.filter(({ type }) => type !== 'ready')`), [
      { type: 'act', target: { accountId: 'One' }, act: { kind: 'update', change: { accountName: 'Ada' } } },
    ]);
    const named = joined.keys.map((key) => ({ ...key, accountName: 'Ada' }));
    await changeTo([accountView({ ...joined, accountId: 'Ada', keys: named }), three]);
    assert.equal(await focused(), 'More actions for “Ada”');
    assert.equal(await typed(), 'Half a na');
  });

  it('moves a switch at once, and takes a second click that comes before the state', async () => {
    const { page } = dashboard;
    const toggle = page.getByRole('switch', { name: 'Use “One”' });
    const checked = async (): Promise<string | null> => await toggle.getAttribute('aria-checked');
    await page.evaluate(`{
      window.moves = [];
      new MutationObserver(([{ target }]) => {
        window.moves.push([target.getAttribute('aria-checked'), performance.now()]);
      }).observe(document.querySelector('.accounts'), { subtree: true, attributeFilter: ['aria-checked'] });
    }`);
    // At once, because 1.5 s after a click the switch shows the state again.
    const clicked = await page.evaluate(`(async () => {
      const [toggle, menu] = ['.switch', '[aria-haspopup="menu"]'].map((part) => document.querySelector(part));
      toggle.click();
      await null;
      const once = toggle.getAttribute('aria-checked');
      menu.click();
      const items = [...document.querySelectorAll('[role="menuitem"]')].map(({ textContent }) => textContent.trim());
      menu.click();
      toggle.click();
      await null;
      return [once, items.includes('Turn On'), toggle.getAttribute('aria-checked')];
    })()`);
    assert.deepEqual(clicked, ['false', true, 'true']);
    const off = accountView({ ...one, keys: [keyView({ keyId: 'One', label: 'One', enabled: false })] });
    await changeTo([off, two]);
    assert.deepEqual(
      await page.evaluate(`window.posted.filter(({ type }) => type === 'act').map(({ act }) => act.change)`),
      [{ enabled: false }, { enabled: true }],
    );
    await pollUntil(async () => (await checked()) === 'false', 'What holds was never shown');
    const moves = await page.evaluate<[string, number][]>('window.moves');
    const [, clickedAtMs = Number.NaN, shownAtMs = Number.NaN] = moves.map(([, atMs]) => atMs);
    assert.deepEqual(
      moves.map(([value]) => value),
      ['false', 'true', 'false'],
    );
    assert.ok(shownAtMs - clickedAtMs > 1_000, 'the state of the first click moved it back');
  });

  it('leaves room for what is left today in a window that is wide and low', async () => {
    const { page } = dashboard;
    const nowMs = Date.now();
    await dashboard.show([{ type: 'state', state: crowdedState(nowMs) }]);
    await drawn(dashboard);
    await page.setViewportSize({ width: 1000, height: 500 });
    const width = await page.evaluate<number>(`document.querySelector('.allowance').clientWidth`);
    await page.setViewportSize({ width: 1200, height: 900 });
    assert.ok(width > 200, `${width} px`);
  });

  it('adds no column to the table where the page becomes narrow under an open form', async () => {
    const { page } = dashboard;
    await openEditor();
    const spare = async (): Promise<unknown> =>
      await page.evaluate(`document.querySelector('.editor-cell').colSpan -
        [...document.querySelectorAll('.accounts thead th')].filter((head) => head.checkVisibility()).length`);
    for (const width of [640, 960, 1200]) {
      await page.setViewportSize({ width, height: 900 });
      await pollUntil(async () => (await spare()) === 0, `The form has other columns at ${width} px`);
    }
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
    assert.ok(Number(await dashboard.page.evaluate('window.writes')) > 0);
  });

  async function changeTo(accounts: readonly AccountView[]): Promise<void> {
    await dashboard.show([{ type: 'state', state: stateOf(accounts) }]);
    await drawn(dashboard);
  }

  async function openEditor(): Promise<void> {
    const { page } = dashboard;
    await page.getByLabel('Edit “Two”').press('Enter');
    await pollUntil(async () => (await focused()) === 'Name', 'The form did not take the focus');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('Half a na');
  }

  /** The name of the focused element. */
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
    await drawn(dashboard);
    assert.equal(await focused(), `Unlock ${model}`);
    assert.deepEqual(
      await page.locator('section.use').first().locator('tbody th').allTextContents(),
      more.map((use) => use.model),
    );
    for (const from of [[busy], [{ ...busy, model: 'busy/unused' }]]) {
      await dashboard.show([{ type: 'state', state: state(from) }]);
      await drawn(dashboard);
      await page.getByRole('button', { name: /^Unlock/ }).focus();
      await dashboard.show([{ type: 'state', state: state([]) }]);
      await drawn(dashboard);
      assert.equal(await focused(), 'By model');
    }
    assert.equal(await page.getByRole('button', { name: /^Unlock/ }).count(), 0);
  });
});

describe('the list of free models', () => {
  const stage = new Stage();
  const models = crowdedModels();

  it('copies an id, keeps the focus while figures come, and shows all without a scroll where the page is narrow', async () => {
    const dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
    const { page } = dashboard;
    await dashboard.load('models');
    await dashboard.show([hello(stateOf([accountView()]))]);
    assert.equal(await page.locator('.none:visible').innerText(), 'Loading models…');
    await dashboard.show([{ type: 'models', models }]);
    const { model = '' } = models[20] ?? {};
    await page.getByRole('button', { name: `Copy ${model}` }).press('Enter');
    assert.deepEqual(await page.evaluate('window.posted.at(-1)'), { type: 'copyModel', model });
    const used = models.map((each) => (each.model === model ? { ...each, requests: 999 } : each));
    await dashboard.show([{ type: 'models', models: used }]);
    assert.equal(await page.evaluate('document.activeElement.ariaLabel'), `Copy ${model}`);
    assert.match(await page.locator('section.use:visible tbody th').first().innerText(), new RegExp(model));
    for (const width of [640, 480, 320]) {
      await page.setViewportSize({ width, height: 800 });
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
      const beyond = `{ const { scrollWidth, clientWidth } = document.querySelector('.scroll:has(.icon-button)'); scrollWidth - clientWidth; }`;
      assert.equal(await page.evaluate(beyond), 0, `${width} px`);
    }
    await dashboard.show([{ type: 'models', models: [] }]);
    assert.match(await page.locator('.none:visible').innerText(), /not available/);
  });
});

describe('requests that have not ended', () => {
  const stage = new Stage();

  it('are led to from the top, keep the focus while they change, and are cancelled one by one', async () => {
    const dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
    const { page } = dashboard;
    const state = (running: readonly RunningView[], waiting: number): DashboardState => {
      const shown = stateOf([accountView()]);
      const { snapshot } = shown;
      return { ...shown, snapshot: { ...snapshot, running, wheel: { ...snapshot.wheel, waiting } } };
    };
    const first = runningView({ requestId: 'first', client: 'Continue' });
    const second = runningView({ requestId: 'second' });
    await dashboard.load('accounts');
    await dashboard.show([hello(state([first, second], 2))]);
    await page.getByRole('button', { name: '2 requests waiting' }).press('Enter');
    const cancel = page.getByRole('button', { name: 'Cancel Cline · a/b:free' });
    await cancel.focus();
    await dashboard.show([{ type: 'state', state: state([{ ...second, stage: 'answering' }], 0) }]);
    await drawn(dashboard);
    assert.equal(await page.locator('.live li').count(), 1);
    assert.match((await page.locator('.live li').textContent()) ?? '', /^\s*Answeringfor \d+ s/);
    await page.keyboard.press('Enter');
    assert.deepEqual(await page.evaluate(`window.posted.at(-1)`), { type: 'cancel', requestId: 'second' });
    await dashboard.show([{ type: 'state', state: state([], 0) }]);
    await drawn(dashboard);
    assert.equal(await page.locator('.live').isVisible(), false);
  });
});

describe('the activity table with a row opened', () => {
  const stage = new Stage();

  it('keeps its columns at every width', async () => {
    const dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
    const { page } = dashboard;
    await dashboard.load('activity');
    await dashboard.show([
      hello(stateOf([accountView()])),
      { type: 'activity', exchanges: [exchangeView({}), exchangeView({ id: 2 })] },
    ]);
    const modelWidth = async (): Promise<number> =>
      Number(
        await page.evaluate(`document.querySelector('.activity td.what').getBoundingClientRect().width`),
      );
    const expander = page.locator('.activity .expander').first();
    for (const width of [481, 530, 640, 800, 960, 1200]) {
      await page.setViewportSize({ width, height: 800 });
      const closed = await modelWidth();
      await expander.click();
      assert.equal(await modelWidth(), closed, `${width} px`);
      // The trail stays open while the page becomes wide and narrow again.
      await page.setViewportSize({ width: 1200, height: 800 });
      await page.setViewportSize({ width, height: 800 });
      await pollUntil(async () => (await modelWidth()) === closed, `The columns were lost at ${width} px`);
      await expander.click();
    }
  });
});

describe('the activity table sorted by a column', () => {
  const stage = new Stage();

  it('says so to screen readers, takes new rows in their place, keeps a row open, and is remembered', async () => {
    const dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
    const { page } = dashboard;
    const lasting = (id: number, seconds: number): ExchangeView => {
      const exchange = exchangeView({ id, client: `${seconds} s` });
      return { ...exchange, endedAtMs: exchange.startedAtMs + seconds * 1000 };
    };
    const shown = async (): Promise<string[]> =>
      await page.locator('tr.exchange td.client').allTextContents();
    const sorts = async (): Promise<unknown> =>
      await page.evaluate(
        `[...document.querySelectorAll('th[aria-sort]')].map((head) => head.textContent.trim() + ' ' + head.ariaSort)`,
      );
    await dashboard.load('activity');
    await dashboard.show([
      hello(stateOf([accountView()])),
      { type: 'activity', exchanges: [lasting(3, 2), lasting(2, 9), lasting(1, 4)] },
    ]);
    assert.deepEqual(await sorts(), ['Time descending']);
    const head = page.getByRole('button', { name: 'Duration' });
    await head.press('Enter');
    assert.deepEqual(await sorts(), ['Duration descending']);
    assert.deepEqual(await shown(), ['9 s', '4 s', '2 s']);
    await page.locator('.expander').first().click();
    await dashboard.show([{ type: 'exchanges', exchanges: [lasting(4, 6), lasting(5, 1)] }]);
    assert.deepEqual(await shown(), ['9 s', '6 s', '4 s', '2 s', '1 s']);
    await head.press('Space');
    assert.deepEqual(await sorts(), ['Duration ascending']);
    assert.deepEqual(await shown(), ['1 s', '2 s', '4 s', '6 s', '9 s']);
    assert.equal(await page.locator('.trail-row:last-child').count(), 1);
    assert.deepEqual(await page.evaluate('window.kept.sort'), { column: 'took', isDescending: false });
    await page.setViewportSize({ width: 320, height: 800 });
    await page.getByRole('button', { name: 'Time', exact: true }).click();
    assert.deepEqual(await sorts(), ['Time descending']);
  });
});

describe('the chart of first tokens', () => {
  const stage = new Stage();

  it('shows the only one of a day', async () => {
    const dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
    const series = crowdedSeries(Date.now());
    await dashboard.load('history');
    const colors = { foreground: '#000000', 'charts-blue': '#0000ff', 'charts-purple': '#ff00ff' };
    await dashboard.page.evaluate(
      `for (const [name, color] of Object.entries(${JSON.stringify(colors)}))
        document.documentElement.style.setProperty('--vscode-' + name, color);`,
    );
    await dashboard.show([hello(stateOf([accountView()]))]);
    const firstToken = series.firstToken.map((_, index) => (index === 200 ? [[5, 1] as const] : []));
    await dashboard.show([{ type: 'history', series: { ...series, firstToken } }]);
    const colored = async (): Promise<unknown> =>
      await dashboard.page.evaluate(`{
      const canvas = document.querySelectorAll('canvas')[2];
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4)
        if (data[at] > 200 && data[at + 1] < 50 && data[at + 2] > 200) count++;
      count;
    }`);
    await pollUntil(async () => Number(await colored()) > 5, 'It was never drawn');
  });
});

describe('the charts', () => {
  const stage = new Stage();

  it('are all drawn at each width', async () => {
    const dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
    const { page } = dashboard;
    await dashboard.load('history');
    await dashboard.show([hello(stateOf([accountView()]))]);
    await dashboard.show([{ type: 'history', series: crowdedSeries(Date.now()) }]);
    const drawnCharts = async (): Promise<unknown> =>
      await page.evaluate(`[...document.querySelectorAll('canvas')].filter((canvas) =>
        canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0)).length`);
    for (const width of [860, 1200, 320, 1000, 640, 1200]) {
      await page.setViewportSize({ width, height: 900 });
      await drawn(dashboard);
      assert.equal(await drawnCharts(), 4, `${width} px`);
    }
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

  it('draws a few times a second, and shifts nothing, with a thousand updates in ten seconds', async () => {
    const { page } = dashboard;
    await dashboard.load('accounts');
    await dashboard.show([hello(state)]);
    await page.evaluate('document.fonts.ready.then(() => undefined)');
    await pause(1000);
    await page.evaluate(`{
      window.shifts = 0;
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifts += entry.value; })
        .observe({ type: 'layout-shift', buffered: false });
    }`);
    // As in the extension: changes go to the feed, which posts to the page.
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
      models: () => Promise.resolve([]),
      post: (message) => posting.push(page.evaluate(`window.postMessage(${JSON.stringify(message)}, '*')`)),
    });
    feed.show('accounts');
    const [before, beganMs] = [await dashboard.processorMs(), Date.now()];
    for (let update = 0; update < 1000; update++) {
      now = crowdedState(nowMs, update);
      changed.fire();
      await pause(Math.max(beganMs + (update + 1) * 10 - Date.now(), 0));
    }
    await drawn(dashboard);
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
    assert.ok(posting.length <= tookMs / 200 + 2, `${posting.length} messages in ${tookMs} ms`);
    assert.ok(share < Math.max(0.5, bareShare), percent(share));
  });
});

/** The page draws at most four times a second, by its own time, because the machine may hold it up. */
async function drawn({ page }: BareDashboard): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(resolve)), 300);
  })`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('the top of the dashboard', () => {
  const stage = new Stage();

  it('tells the time until the reset by the minute, although nothing else changes', async () => {
    const dashboard = stage.own(await BareDashboard.start(), async (made) => await made.close());
    const { page } = dashboard;
    await page.clock.install();
    await dashboard.load('models');
    await dashboard.show([hello(stateOf([accountView()]))]);
    const outlook = async (): Promise<string> => await page.locator('.outlook').first().innerText();
    assert.match(await outlook(), /^Resets in 6 h 0 min$/);
    await page.clock.runFor(11.5 * 60_000);
    assert.match(await outlook(), /^Resets in 5 h 50 min$/);
  });
});
