// Send Test Request: one small request as a client would send it, and what happened.
import { commands, env, l10n, ProgressLocation, window } from 'vscode';
import { sendTestRequest as send, type TestResult } from '../../service/clients/testRequest';
import { Formats } from '../../webview/formats';
import { askModel } from './askModel';
import { endpointOf, type ClientPorts } from './ports';
import { testResultText } from './testResultText';

export async function sendTestRequest(ports: ClientPorts): Promise<boolean> {
  const endpoint = endpointOf(ports, null);
  if (endpoint === null || ports.service.snapshot().proxy.kind !== 'running') {
    void window.showWarningMessage(l10n.t('The proxy does not run, so nothing can be tested.'));
    return false;
  }
  if (ports.service.snapshot().wheel.keys === 0) {
    void tellNoKey();
    return false;
  }
  const { clock, settings } = ports;
  const title = l10n.t('Send Test Request');
  const known = (await ports.connector.records()).map(({ model }) => model).find((model) => model !== null);
  const model = known ?? (await askModel({ title, endpoint, clock, hasOwnModels: false }));
  if (typeof model !== 'string') return false;
  const result = await window.withProgress(
    {
      location: ProgressLocation.Notification,
      title: l10n.t('Keywheel: asking {0}…', model),
      cancellable: true,
    },
    async (_, token) => {
      const cancelled = new AbortController();
      token.onCancellationRequested(() => cancelled.abort());
      const { upstreamUrl } = settings.current;
      return await send(endpoint, model, { clock, upstreamUrl, signal: cancelled.signal });
    },
  );
  if (result.kind === 'cancelled') return false;
  void tell(result);
  return result.kind === 'answered';
}

async function tellNoKey(): Promise<void> {
  const add = l10n.t('Add Key');
  const text = l10n.t('There is no key yet, so no model can be asked. Add one first.');
  if ((await window.showWarningMessage(text, add)) === add) await commands.executeCommand('keywheel.addKey');
}

async function tell(result: Exclude<TestResult, { kind: 'cancelled' }>): Promise<void> {
  const text = testResultText(result, l10n.t, new Formats(env.language, ''));
  if (result.kind === 'answered') {
    void window.showInformationMessage(text);
    return;
  }
  const doctor = l10n.t('Run Doctor');
  if ((await window.showErrorMessage(text, doctor)) === doctor)
    await commands.executeCommand('keywheel.runDoctor');
}
