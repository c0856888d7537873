// Run Doctor: examines everything between a client and OpenRouter, and shows what to do.
import { commands, env, l10n, ProgressLocation, version as codeVersion, window } from 'vscode';
import { checkKeyAt } from '../../service/ownCheck';
import { thisMachine } from '../../service/clients/machine';
import { examine } from '../../service/doctor/doctor';
import type { Checked } from '../../service/doctor/finding';
import { Formats } from '../../webview/formats';
import { endpointOf, originOf, type ClientPorts } from '../clients/ports';
import type { PageActions } from '../page/textPage';
import { doctorPage, doctorReport, type ReportSpeech } from './doctorReport';
import type { Remedy } from './findingWords';

const shownMs = 3000;

const remedies: Readonly<Record<Remedy, readonly [command: string, ...args: string[]]>> = {
  startProxy: ['keywheel.startProxy'],
  openPortSetting: ['workbench.action.openSettings', 'keywheel.port'],
  openProxySettings: ['workbench.action.openSettings', 'http.noProxy'],
  addKey: ['keywheel.addKey'],
  removeKey: ['keywheel.removeKey'],
  connectClient: ['keywheel.connectClient'],
  showLog: ['keywheel.showLog'],
};

/** The page is open and shows what was found. */
export async function runDoctor(ports: ClientPorts, version: string): Promise<boolean> {
  const checked = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Keywheel: examining…') },
    async () => await examineAll(ports),
  );
  const speech = { t: l10n.t, formats: new Formats(env.language, '') };
  ports.page.show(doctorPage(checked, speech), actionsOf(checked, speech, ports, version));
  return true;
}

async function examineAll(ports: ClientPorts): Promise<readonly Checked[]> {
  const { service, settings, keyring, clock, connector } = ports;
  const { port, upstreamUrl } = settings.current;
  return await examine({
    clock,
    platform: process.platform,
    places: thisMachine(),
    proxy: service.snapshot().proxy,
    port,
    // Without a proxy key no client's configuration is as it should be.
    endpoint: endpointOf(ports, null) ?? { origin: originOf(ports), proxyKey: '', model: null },
    upstreamUrl,
    keys: keyring.keys,
    checkKey: async (key) => await checkKeyAt({ upstreamUrl, clock }, key),
    connector,
  });
}

function actionsOf(
  checked: readonly Checked[],
  speech: ReportSpeech,
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
    window.setStatusBarMessage(l10n.t('Report copied'), shownMs);
  };
  return { ...Object.fromEntries(run), copy, again: async () => await runDoctor(ports, version) };
}
