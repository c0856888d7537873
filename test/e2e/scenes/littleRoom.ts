/**
 * Tests of the dashboard in every room: at 200 % zoom, and in panels from the width of a phone to that of a large screen.
 * With `KEYWHEEL_PICTURES=all` each state is pictured in each theme and room.
 */
import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import * as v from 'valibot';
import type { DashboardState, ToDashboard } from '../../../src/service/messages';
import type { Settings } from '../../tools/settings';
import type { PackagedVsCode } from '../../tools/packaged';
import { pollUntil } from '../../tools/quickInput';
import { THEMES, type Theme } from '../../tools/themes';
import type { VsCodeWindow } from '../../tools/vscodeWindow';
import { axeFaults } from '../support/axe';
import { crowdedActivity, crowdedModels, crowdedSeries, crowdedState, otherStates } from '../support/crowd';

const otherThemes: readonly Theme[] = ['light', 'highContrast'];
const wantsAllPictures = process.env.KEYWHEEL_PICTURES === 'all';
const tabs = ['Accounts', 'History', 'Activity', 'Models'] as const;

/** An element that each tab has once it is filled, and did not have in the tests before. */
const filled: Readonly<Record<(typeof tabs)[number], string>> = {
  Accounts: 'tr.single',
  History: 'text=25 other accounts',
  Activity: 'tr.exchange:nth-child(40)',
  Models: 'text=crowd/model',
};

interface Room {
  /** Used in the names of pictures. */
  readonly name: string;
  readonly what: string;
  /** CSS pixels: of the page, or of the whole window. */
  readonly of: 'page' | 'window';
  readonly width: number;
  readonly height: number;
}

const narrowest: Room = { name: '320', what: '320 pixels wide', of: 'page', width: 320, height: 800 };

const rooms: readonly Room[] = [
  // The room in a window of 1280 by 800.
  { name: 'zoomed', what: 'at 200 % zoom', of: 'window', width: 640, height: 400 },
  { name: '1440', what: '1440 pixels wide', of: 'page', width: 1440, height: 900 },
  { name: '960', what: '960 pixels wide', of: 'page', width: 960, height: 800 },
  { name: '800', what: '800 pixels wide', of: 'page', width: 800, height: 800 },
  { name: '640', what: '640 pixels wide', of: 'page', width: 640, height: 800 },
  { name: '480', what: '480 pixels wide', of: 'page', width: 480, height: 800 },
  narrowest,
];

/** The findings on a page: how far it exceeds its own width, and the actions that cannot be reached. */
const findingsSchema = v.object({
  beyondPx: v.number(),
  unreachable: v.array(v.string()),
  actions: v.number(),
});

export interface OpenDashboard {
  readonly vscode: PackagedVsCode;
  /** Settings of the machine: kept, except those that take room. */
  readonly settings: Settings;
  readonly window: VsCodeWindow;
  readonly frame: Frame;
}

/**
 * To be called in a `describe`, the last of its file: it leaves the window small, without its bars. The proxy is stopped:
 * the page shows only the tests' own content.
 */
export function testLittleRoom(opened: () => OpenDashboard): void {
  const nowMs = Date.now();
  let vscode: PackagedVsCode;
  let window: VsCodeWindow;
  let frame: Frame;

  before(async () => {
    const dashboard = opened();
    ({ vscode, window, frame } = dashboard);
    await vscode.setMachineSettings({ ...dashboard.settings, 'workbench.activityBar.location': 'hidden' });
    await vscode.setTheme('dark');
    await window.runCommand('View: Close Primary Side Bar');
    await window.runCommand('Keywheel: Stop Proxy');
    await window.waitForStatusBarItem('keywheel.status', /stopped/);
    await window.clearNotifications();
    // Messages of the extension are stopped, because they would replace the tests' own content.
    await frame.evaluate(
      `window.addEventListener('message', (event) => event.source === window || event.stopImmediatePropagation(), true)`,
    );
  });

  for (const room of rooms) {
    it(`goes beyond no edge ${room.what}, and every action can be got at`, async () => {
      await take(room);
      for (const tab of tabs) {
        await fill(tab);
        if (tab === 'Activity') await frame.locator('.expander').first().click();
        await picture(room, 'dark', tab);
        await check(tab);
      }
    });
  }

  it('keeps within the page what opens in it, 320 pixels wide', async () => {
    await take(narrowest);
    await fill('Accounts');
    await frame.getByRole('button', { name: 'Edit “ben”' }).click();
    await frame.locator('.editor').waitFor();
    await check('the editor');
    await window.screenshot('narrow-320-editor');
    await frame.getByRole('button', { name: 'More actions for “ben”' }).click();
    await frame.locator('[role="menuitem"]').first().waitFor();
    await window.screenshot('narrow-320-menu');
    const beyond = await frame.evaluate(`(() => {
      const { left, right } = document.querySelector('.menu').getBoundingClientRect();
      return left < 0 || right > document.scrollingElement.clientWidth;
    })()`);
    assert.equal(beyond, false, 'The menu goes beyond the page');
    await window.page.keyboard.press('Escape');
    await fill('History');
    await frame.getByRole('button', { name: /Show as table: Requests by account/ }).click();
    await frame.locator('.chart-table table').first().waitFor();
    await check('a chart as a table');
    const times = await frame.locator('.chart-table tbody th').first().boundingBox();
    assert.ok((times?.height ?? 99) < 32, 'A time of day is broken into two lines');
    await window.screenshot('narrow-320-table');
    await frame.getByRole('button', { name: /Show as chart: Requests by account/ }).click();
    await fill('Activity');
    await frame.locator('.expander').first().click();
    await frame.locator('.trail').waitFor();
    await check('a trail');
    await window.screenshot('narrow-320-trail');
  });

  it('has no fault of axe either while nothing works', async () => {
    const faults: string[] = [];
    for (const theme of Object.keys(THEMES) as Theme[]) {
      await vscode.setTheme(theme);
      for (const [name, state] of Object.entries(otherStates(nowMs))) {
        await show(state);
        faults.push(...(await axeFaults(frame)).map((fault) => `${theme}, ${name}: ${fault}`));
      }
    }
    assert.deepEqual(faults, []);
  });

  it('is pictured in light and in high contrast', async () => {
    for (const theme of wantsAllPictures ? (['dark', ...otherThemes] as const) : otherThemes) {
      await vscode.setTheme(theme);
      for (const room of wantsAllPictures ? rooms : [narrowest]) {
        await take(room);
        await pictureAll(room, theme);
      }
    }
    await vscode.setTheme('dark');
  });

  async function pictureAll(room: Room, theme: Theme): Promise<void> {
    for (const tab of tabs) {
      await fill(tab);
      await picture(room, theme, tab);
    }
    if (!wantsAllPictures) return;
    await fill('Activity');
    for (const nth of [1, 3]) await frame.locator('.expander').nth(nth).click();
    await frame.locator('.expander').first().scrollIntoViewIfNeeded();
    await window.screenshot(`room-${room.name}-${theme}-opened`);
    for (const [name, state] of Object.entries(otherStates(nowMs))) {
      await show(state);
      await picture(room, theme, name);
    }
  }

  async function show(state: DashboardState): Promise<void> {
    await frame.getByRole('tab', { name: 'Accounts' }).click();
    await post({ type: 'state', state });
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  async function picture({ name }: Room, theme: Theme, what: string): Promise<void> {
    // A filled tab has been scrolled by the tests before.
    await frame.evaluate('window.scrollTo(0, 0)');
    await window.screenshot(`room-${name}-${theme}-${what.toLowerCase()}`);
  }

  async function take({ width, height, of }: Room): Promise<void> {
    let asked = width;
    for (let turn = 0; turn < 20; turn++) {
      await window.page.setViewportSize({ width: asked, height });
      await window.page.evaluate(
        'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))',
      );
      await new Promise((resolve) => setTimeout(resolve, 300));
      if (of === 'window') return;
      const has = Number(await frame.evaluate('document.documentElement.clientWidth'));
      if (has === width) return;
      asked += width - has;
    }
    assert.fail(`The page never got its ${width} pixels`);
  }

  /** Opens the tab and fills it with as much as any user has. */
  async function fill(tab: (typeof tabs)[number]): Promise<void> {
    await frame.getByRole('tab', { name: tab }).click();
    // Until the page has handled the click it takes messages for the former tab.
    await pollUntil(async () => {
      await post({ type: 'state', state: crowdedState(nowMs) });
      if (tab === 'History') await post({ type: 'history', series: crowdedSeries(nowMs) });
      if (tab === 'Activity') await post({ type: 'activity', exchanges: crowdedActivity(nowMs, 100) });
      if (tab === 'Models') await post({ type: 'models', models: crowdedModels() });
      return (await frame.locator(filled[tab]).count()) > 0;
    }, `${tab} was never filled`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  async function post(message: ToDashboard): Promise<void> {
    await frame.evaluate(`window.postMessage(${JSON.stringify(message)}, '*')`);
  }

  async function check(what: string): Promise<void> {
    const look = async (): Promise<v.InferOutput<typeof findingsSchema>> =>
      v.parse(findingsSchema, await frame.evaluate(examine));
    // The page is laid out some time after its size or its content has changed.
    await pollUntil(async () => {
      const { beyondPx, unreachable, actions } = await look();
      return beyondPx === 0 && unreachable.length === 0 && actions > 3;
    }, what).catch(() => undefined);
    const { beyondPx, unreachable, actions } = await look();
    assert.equal(beyondPx, 0, `${what} goes ${beyondPx} px beyond the page`);
    assert.deepEqual(unreachable, [], what);
    assert.ok(actions > 3, `${what}: ${actions} actions`);
  }
}

/** Code as text, because the test runner's compiler would put its own names into a function. */
const examine = `(() => {
  const page = document.scrollingElement;
  const all = 'button, a[href], input, select, vscode-button, vscode-tab-header, vscode-textfield, vscode-single-select';
  const actions = [...document.querySelectorAll(all)].filter((action) => action.checkVisibility());
  const place = (action) => {
    const { left, right, top, bottom, width } = action.getBoundingClientRect();
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const isInside = left >= 0 && right <= page.clientWidth && width > 0;
    const isOnTop = hit !== null && (action === hit || action.contains(hit));
    return { isReached: isInside && isOnTop, left, right, hit: isOnTop ? null : hit };
  };
  const unreachable = [];
  for (const action of actions) {
    if (place(action).isReached) continue;
    action.scrollIntoView({ block: 'center', inline: 'nearest' });
    const { isReached, left, right, hit } = place(action);
    if (isReached) continue;
    const name = action.getAttribute('aria-label') ?? action.innerText ?? action.tagName;
    unreachable.push(name + ': ' + Math.round(left) + ' to ' + Math.round(right) + ' of ' + page.clientWidth + (hit === null ? '' : ', under ' + hit.outerHTML.slice(0, 60)));
  }
  return { beyondPx: Math.max(0, page.scrollWidth - page.clientWidth), unreachable, actions: actions.length };
})()`;
