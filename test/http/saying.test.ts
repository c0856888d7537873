// Status bar, tooltip, dashboard and doctor while requests wait or OpenRouter is gone, from one real proxy's snapshot.
import assert from 'node:assert/strict';
import { examine } from '../../src/doctor/doctor';
import type { DashboardState } from '../../src/service/messages';
import { overviewView } from '../../src/webview/overviewView';
import { liveRow } from '../../src/webview/activityView';
import { accountsView } from '../../src/webview/accountsView';
import { findingText } from '../../src/words/doctorText';
import { Formats } from '../../src/words/formats';
import type { TextContext } from '../../src/words/stateWords';
import { statusText } from '../../src/words/statusText';
import { statusTooltip } from '../../src/words/statusTooltip';
import { translator } from '../../src/words/translate';
import { thisMachine } from '../../src/clients/clientList';
import { accountsOf, withRig, type Rig } from './support';
import { directRoute } from '../../src/proxy/upstream/networkRoute';

interface Said {
  readonly bar: string;
  readonly severity: string;
  readonly tooltip: string;
  readonly waiting: string;
  readonly notice: string;
  readonly rows: readonly string[];
  readonly accounts: readonly string[];
}

/** All texts about the proxy now. */
function said(rig: Rig): Said {
  const snapshot = rig.service.snapshot();
  const state: DashboardState = {
    snapshot,
    vault: 'ok',
    forecast: { kind: 'none' },
    paidOnly: false,
    spent: { promptTokens: 0, completionTokens: 0, cost: 0 },
    removed: [],
    clients: [],
  };
  const textContext = textContextAt(snapshot.atMs);
  const bar = statusText(state, 'number', textContext);
  const overview = overviewView(state, textContext);
  return {
    bar: bar.text,
    severity: bar.severity,
    tooltip: plain(statusTooltip(state, textContext)),
    waiting: overview.waiting,
    notice: overview.notice?.text ?? '',
    rows: snapshot.running.map((running) => liveRow(running, textContext).state.text),
    accounts: accountsView(state, textContext).groups.map(({ rows }) => rows[0]?.state.text ?? ''),
  };
}

async function doctorSays(rig: Rig): Promise<readonly string[]> {
  const snapshot = rig.service.snapshot();
  const checked = await examine({
    networkRoute: directRoute,
    systemProxy: () => Promise.resolve(null),
    platform: 'linux',
    snapshot,
    refresh: () => Promise.resolve(snapshot),
    vault: 'ok',
    activity: [],
    port: rig.port,
    endpoint: { origin: `http://127.0.0.1:${rig.port}`, proxyKey: '', model: null },
    // Nothing listens there, so that the finding comes from the proxy's snapshot.
    upstreamUrl: 'http://127.0.0.1:1/api/v1',
    keys: [],
    checkKey: () => Promise.resolve({ kind: 'unreachable', detail: 'timeout' }),
    connector: {
      places: thisMachine(),
      records: () => Promise.resolve([]),
      states: () => Promise.resolve([]),
      needsReload: () => false,
    },
  });
  const textContext = textContextAt(snapshot.atMs);
  return checked.flatMap(({ findings }) => findings.map((finding) => findingText(finding, textContext).text));
}

const textContextAt = (nowMs: number): TextContext => ({
  t: translator({}),
  formats: new Formats('en', 'UTC'),
  nowMs,
});

/** The text as it is shown. */
const plain = (markdown: string): string =>
  markdown.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));

const six = Array.from({ length: 6 });

describe('with six requests that wait, one account used up and one at its minute', () => {
  it('each place says so within a second', async () => {
    await withRig({ accounts: accountsOf({ name: 'anna', dailyLimit: 3 }, 'ben') }, async (rig) => {
      await rig.drive(Promise.all(Array.from({ length: 23 }, () => rig.ask())));
      const asked = six.map(() => rig.ask());
      await rig.pass(1_000);
      const { bar, severity, tooltip, waiting, notice, rows, accounts } = said(rig);
      assert.match(bar, /^\$\(loading~spin\) \d+$/);
      assert.equal(severity, 'normal');
      assert.match(tooltip, /6 requests waiting/);
      assert.match(tooltip, /\*\*.anna-1.\*\* — 0 of 3 left · Used up until 00:00/);
      assert.match(tooltip, /\*\*.ben-1.\*\* — 30 of 50 left · Minute limit reached until \d\d:\d\d:\d\d/);
      assert.match(waiting, /^6 requests waiting, next slot at \d\d:\d\d:\d\d$/);
      assert.equal(notice, '');
      assert.equal(rows.length, 6);
      for (const row of rows) assert.match(row, /^Waiting, next slot at \d\d:\d\d:\d\d$/);
      assert.match(accounts.join(), /^Used up until 00:00,Minute limit reached until \d\d:\d\d:\d\d$/);
      const findings = await doctorSays(rig);
      assert.match(findings.join('\n'), /^6 requests waiting\. The next account is free at/m);
      assert.ok(
        findings.some((text) => /^“anna-1”: Used up until 00:00\.$/.test(text)),
        findings.join('\n'),
      );
      assert.ok(findings.some((text) => /^“ben-1”: Minute limit reached until/.test(text)));
      await rig.drive(Promise.all(asked));
    });
  });
});

describe('with OpenRouter gone', () => {
  it('each place says since when, why, and what is tried again', async () => {
    await withRig({}, async (rig) => {
      await rig.simulator.stop();
      const asked = rig.ask();
      await rig.pass(1_000);
      const { bar, severity, tooltip, notice, rows } = said(rig);
      assert.equal(bar, '$(cloud-offline) OpenRouter unreachable');
      assert.equal(severity, 'warning');
      const gone =
        /OpenRouter has been unreachable since \d\d:\d\d \(connection refused, ECONNREFUSED\)\. 1 request is being retried/;
      assert.match(tooltip, gone);
      assert.match(notice, gone);
      assert.match(
        rows.join(),
        /^No connection to OpenRouter\. Trying again$|^Waiting for OpenRouter’s answer$/,
      );
      assert.match((await doctorSays(rig)).join('\n'), gone);
      const refused = await rig.drive(asked);
      assert.equal(refused.status, 502);
    });
  });
});
