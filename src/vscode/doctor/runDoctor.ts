// Run Doctor: checks everything between client and OpenRouter, and shows the findings on a page.
import { commands, env, l10n, ProgressLocation, version as codeVersion, window } from 'vscode';
import { checkKeyAt } from '../../service/keyring/keyCheck';
import { examine } from '../../doctor/doctor';
import { systemProxy } from '../../doctor/systemProxy';
import type { Checked } from '../../doctor/finding';
import { Formats } from '../../words/formats';
import type { Speech } from '../../words/stateWords';
import { endpointOf, originOf, type ClientPorts } from '../clients/ports';
import type { PageActions } from '../page/textPage';
import { doctorPage, doctorReport } from '../../words/doctorReport';
import type { Remedy } from '../../words/doctorText';
import { flash } from '../flash';
import { settingsCommand } from '../settingsCommand';

const remedies: Readonly<Record<Remedy, readonly [command: string, ...args: unknown[]]>> = {
  startProxy: ['keywheel.startProxy'],
  openPortSetting: settingsCommand('keywheel.port'),
  openProxySettings: [
    'workbench.action.openSettings',
    '@id:http.proxy @id:http.noProxy @id:http.proxyStrictSSL',
  ],
  addKey: ['keywheel.addKey'],
  removeKey: ['keywheel.removeKey'],
  connectClient: ['keywheel.connectClient'],
  reloadWindow: ['workbench.action.reloadWindow'],
  showLog: ['keywheel.showLog'],
};

export async function runDoctor(ports: ClientPorts, version: string): Promise<boolean> {
  const checked = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Keywheel: running the doctor…') },
    async () => await examineAll(ports),
  );
  const { timezone, atMs: nowMs } = ports.service.snapshot();
  const speech = { t: l10n.t, formats: new Formats(env.language, timezone), nowMs };
  ports.page.show(doctorPage(checked, speech), actionsOf(checked, speech, ports, version));
  return true;
}

async function examineAll(ports: ClientPorts): Promise<readonly Checked[]> {
  const { service, settings, keyring, clock, connector } = ports;
  const { port, upstreamUrl, wayOut } = settings.current;
  return await examine({
    platform: process.platform,
    snapshot: service.snapshot(),
    activity: service.activity(),
    port,
    // Without a proxy key no client's configuration is current.
    endpoint: endpointOf(ports, null) ?? { origin: originOf(ports), proxyKey: '', model: null },
    upstreamUrl,
    wayOut,
    systemProxy,
    keys: keyring.keys,
    checkKey: async (key) => await checkKeyAt({ ...settings.current, clock }, key),
    connector,
  });
}

function actionsOf(
  checked: readonly Checked[],
  speech: Speech,
  ports: ClientPorts,
  version: string,
): PageActions {
  const run = Object.entries(remedies).map(
    ([remedy, [command, ...args]]) =>
      [remedy, async (): Promise<unknown> => await commands.executeCommand(command, ...args)] as const,
  );
  const facts = {
    Version: version,
    Editor: `${env.appName} ${codeVersion}`,
    System: `${process.platform} ${process.arch}, Node ${process.version}`,
    Remote: env.remoteName ?? 'no',
  };
  const copy = async (): Promise<void> => {
    await env.clipboard.writeText(doctorReport(checked, facts, speech));
    flash(l10n.t('Report copied'));
  };
  return { ...Object.fromEntries(run), copy, again: async () => await runDoctor(ports, version) };
}
