/** The result of each command of the palette in each state: the rows of the table of messages. */
import type { Reactions } from './reactions';

export const states = ['no key', 'proxy stopped', 'no network', 'offline upstream'] as const;
export type State = (typeof states)[number];

/** Called when the command was run: waits for its result, and returns it in words. */
export type Cell = (seen: Reactions) => Promise<string>;

export interface Row {
  readonly command: string;
  /** Null where the palette does not offer the command. */
  readonly cells: Readonly<Record<State, Cell | null>>;
  /** Whether more than the state decides if the palette offers the command. */
  readonly offeredOrNot?: true;
}

export const keys = ['1', '2'].map((end) => `sk-or-v1-e2e-anna-${end.padStart(48, '0')}`);
const [, otherKey = ''] = keys;

const inAll = (cell: Cell): Row['cells'] => ({ 'no key': cell, 'proxy stopped': cell, ...outOfReach(cell) });

function outOfReach(cell: Cell): Pick<Row['cells'], 'no network' | 'offline upstream'> {
  return { 'no network': cell, 'offline upstream': cell };
}

const flashes =
  (text: RegExp): Cell =>
  async (seen) =>
    await seen.flashes(text);
const shows =
  (text: RegExp): Cell =>
  async (seen) => {
    const item = await seen.shows(text);
    return `shows in the status bar “${item.text}”`;
  };
const doctor =
  (text: RegExp): Cell =>
  async (seen) =>
    await seen.opensPage(
      'Doctor',
      'main > p, .finding:is([data-tone="bad"], [data-tone="warn"], [data-tone="note"]) p',
      text,
    );
const dashboard =
  (text: RegExp): Cell =>
  async (seen) =>
    await seen.opensPage('Keywheel', 'header .allowance, header .proxy, .empty:not([hidden]) p', text);

/** In this order they are run: each leaves the state as it was, but for the last two, of which one ends it. */
export const rows: readonly Row[] = [
  {
    command: 'addKey',
    cells: {
      'no key': async (seen: Reactions): Promise<string> => {
        await seen.window.quickInput.fill('hello', /OpenRouter keys/);
        return await seen.wants(/OpenRouter keys begin with/);
      },
      'proxy stopped': async (seen: Reactions): Promise<string> => {
        return await addNamed(seen, otherKey, 'spare', /Key “sk-or-.*” added\. .*50/);
      },
      ...outOfReach(async (seen) => {
        const doubtful = /Key “sk-or-.*” added\. Could not check it yet .*Keywheel will try again/;
        return await addNamed(seen, otherKey, 'spare', doubtful);
      }),
    },
  },
  {
    command: 'removeKey',
    cells: {
      ...inAll(async (seen) => {
        await seen.window.quickInput.pick('spare', /Select a key/);
        return await seen.says(/Key “spare” removed/);
      }),
      'no key': null,
    },
  },
  {
    command: 'signIn',
    cells: {
      'no key': leaveSignIn,
      'proxy stopped': leaveSignIn,
      // VS Code asks before it opens a page that is not on this machine.
      'no network': async (seen: Reactions): Promise<string> => {
        const asked = await seen.asks(/openrouter\.invalid\/auth/);
        return then(asked, await failSignIn(seen, true));
      },
      'offline upstream': async (seen: Reactions): Promise<string> => await failSignIn(seen, false),
    },
  },
  {
    command: 'connectClient',
    cells: inAll(async (seen) => {
      await seen.window.quickInput.pick('Claude Code', /Select a client/);
      await seen.window.quickInput.pick('openrouter/free', /Select a model/);
      await seen.asks(/Connect Claude Code to Keywheel\?/);
      return 'wants the client and the model, then asks “Connect Claude Code to Keywheel?” with what is written';
    }),
  },
  ...['disconnectClient', 'disconnectAllClients'].map((command) => ({
    command,
    offeredOrNot: true as const,
    cells: inAll(async (seen) => await seen.says(/No client is connected/)),
  })),
  {
    command: 'sendTestRequest',
    cells: {
      'no key': async (seen: Reactions): Promise<string> => await seen.says(/No key yet. Add one/),
      'proxy stopped': null,
      ...outOfReach(async (seen) => {
        await seen.window.quickInput.pick('openrouter/free', /Select a model/);
        return await seen.says(/OpenRouter cannot be reached .*Check your network, or run the doctor/);
      }),
    },
  },
  {
    command: 'runDoctor',
    cells: {
      'no key': doctor(/No key\. Add a key/),
      'proxy stopped': doctor(/The proxy is stopped\. .*Start it/),
      ...outOfReach(doctor(/OpenRouter has been unreachable since .*Check your network.*Keys not checked/)),
    },
  },
  { command: 'copyBaseUrl', cells: { ...inAll(flashes(/Base URL copied: http/)), 'proxy stopped': null } },
  { command: 'copyProxyKey', cells: inAll(flashes(/Proxy key copied/)) },
  {
    command: 'makeNewProxyKey',
    cells: inAll(async (seen) => {
      const asked = await seen.asks(/Make a new proxy key\?.*stop working until/, 'Make New Proxy Key');
      return then(asked, await seen.says(/The proxy has a new key\. Set it in your clients/));
    }),
  },
  {
    command: 'openDashboard',
    cells: {
      'no key': dashboard(/Add/),
      'proxy stopped': dashboard(/Proxy stopped.*Start the proxy to see your keys/),
      ...outOfReach(dashboard(/Running on port/)),
    },
  },
  {
    command: 'openWalkthrough',
    cells: inAll(async (seen) => {
      await seen.window.page.getByText('Add your OpenRouter keys').first().waitFor();
      await seen.closeEditor('Welcome');
      return 'opens the walkthrough';
    }),
  },
  {
    command: 'recordNextRequest',
    cells: {
      ...inAll(
        async (seen) =>
          await seen.says(/Record the next request.*Only this one request is recorded/, 'Cancel'),
      ),
      'proxy stopped': null,
    },
  },
  {
    command: 'showLog',
    cells: inAll(async (seen) => {
      const panel = seen.window.page.locator('.part.panel');
      await panel.locator('.view-lines').first().waitFor();
      await seen.window.page.keyboard.press('Control+J');
      await panel.waitFor({ state: 'hidden' });
      return 'opens the log';
    }),
  },
  {
    command: 'removeEverything',
    cells: inAll(async (seen) => await seen.asks(/Remove all Keywheel data\?/)),
  },
  {
    command: 'restartProxy',
    cells: {
      ...inAll(flashes(/Running on port/)),
      'proxy stopped': async (seen: Reactions): Promise<string> => {
        const said = await seen.flashes(/Running on port/);
        await seen.run('Stop Proxy');
        await seen.shows(/stopped/);
        return said;
      },
    },
  },
  { command: 'stopProxy', cells: { ...inAll(shows(/stopped/)), 'proxy stopped': null } },
  {
    command: 'startProxy',
    cells: {
      'no key': null,
      'proxy stopped': async (seen: Reactions): Promise<string> => {
        const said = await seen.flashes(/Running on port/);
        await seen.shows(/50/);
        return said;
      },
      'no network': null,
      'offline upstream': null,
    },
  },
];

/** Answers Add Key's questions, and names the key by the button of the message that matches `said`. */
export async function addNamed(seen: Reactions, raw: string, label: string, said: RegExp): Promise<string> {
  const { quickInput } = seen.window;
  await quickInput.fill(raw, /OpenRouter keys/);
  const says = await seen.says(said, 'Name Key');
  await quickInput.fill(label, /Name for sk-or-/);
  return then(says, `after Name Key ${await seen.flashes(new RegExp(`Key “${label}” named`))}`);
}

/** Cancels the sign-in while the browser's page has no answer. */
async function leaveSignIn(seen: Reactions): Promise<string> {
  const waiting = await seen.says(/Complete the sign-in/, 'Cancel');
  const left = await seen.says(/Sign-in was not completed/);
  return then('opens OpenRouter’s page', waiting, `after Cancel ${left}`);
}

/** Enters a code that cannot be exchanged for a key. */
async function failSignIn(seen: Reactions, asksToOpen: boolean): Promise<string> {
  const waiting = await seen.says(/Complete the sign-in/, 'Cancel');
  await seen.says(/Sign-in was not completed/, 'Paste a Code');
  if (asksToOpen) await seen.asks(/openrouter\.invalid\/auth/);
  // Two notifications: of the exchange, and of its failure.
  await seen.roomFor(2);
  await seen.window.quickInput.fill('0123456789abcdef', /Paste the code/);
  const said = await seen.says(/OpenRouter did not provide a key .*Check your network, then try again/);
  return then('opens OpenRouter’s page', waiting, `with a pasted code ${said}`);
}

function then(...said: readonly string[]): string {
  return said.join(', then ');
}
