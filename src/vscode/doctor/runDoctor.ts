// Run Doctor: checks everything between client and OpenRouter, and shows the findings on a page.
import { env, l10n, version as codeVersion } from 'vscode';
import { checkKeyAt } from '../../service/keyring/keyCheck';
import { wait } from '../../base/clock';
import { actions } from '../../service/messages';
import { examine } from '../../doctor/doctor';
import { systemProxy } from '../../doctor/system';
import type { Checked } from '../../doctor/finding';
import type { TextContext } from '../../words/stateWords';
import { endpointOf, originOf } from '../clients/endpoint';
import { copy, textContextOf, whileShowing } from '../messages';
import type { PageActions } from '../textPage';
import { doctorPage, doctorReport } from '../../words/doctorText';
import { runAction } from '../actions';
import type { WindowPorts } from '../ports';

/** Bound for reading all accounts, because the user waits; hundreds of accounts take longer. */
const refreshWithinMs = 5_000;
/** Time for a change at the host to be in this window's snapshot. */
const shownWithinMs = 300;

export async function runDoctor(ports: WindowPorts): Promise<boolean> {
  const title = l10n.t('Keywheel: running the doctor…');
  const checked = await whileShowing(title, async () => await examineAll(ports));
  const textContext = textContextOf(ports.service.snapshot());
  ports.page.show(doctorPage(checked, textContext), actionsOf(checked, textContext, ports));
  return true;
}

async function examineAll(ports: WindowPorts): Promise<readonly Checked[]> {
  const { service, settings, keyring, clock, connector, state } = ports;
  const { port, upstreamUrl, networkRoute } = settings.current;
  const pause = async (ms: number): Promise<void> => await wait(clock, ms, new AbortController().signal);
  return await examine({
    platform: process.platform,
    snapshot: service.snapshot(),
    refresh: async () => {
      await Promise.race([service.refresh(), pause(refreshWithinMs)]);
      // A follower gets the readings from the host a little later.
      await pause(shownWithinMs);
      return service.snapshot();
    },
    vault: state.read().vault,
    activity: service.activity(),
    port,
    // Without a proxy key no client's configuration is current.
    endpoint: endpointOf(ports, null) ?? { origin: originOf(ports), proxyKey: '', model: null },
    upstreamUrl,
    networkRoute,
    systemProxy,
    keys: keyring.keys,
    checkKey: async (key) => await checkKeyAt({ ...settings.current, clock }, key),
    connector,
  });
}

function actionsOf(checked: readonly Checked[], textContext: TextContext, ports: WindowPorts): PageActions {
  const run = actions.map((action) => [action, async () => await runAction(action)] as const);
  const facts = {
    Version: ports.version,
    Editor: `${env.appName} ${codeVersion}`,
    System: `${process.platform} ${process.arch}, Node ${process.version}`,
    Remote: env.remoteName ?? 'no',
  };
  return {
    ...Object.fromEntries(run),
    copy: async () => await copy(doctorReport(checked, facts, textContext), l10n.t('Report copied')),
    again: async () => await runDoctor(ports),
  };
}
