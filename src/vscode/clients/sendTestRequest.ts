// Send Test Request: sends one small request as a client would, and shows the result.
import { l10n } from 'vscode';
import { sendTestRequest as send, type TestResult } from '../../clients/testRequest';
import { listModels } from '../../clients/modelList';
import { joined } from '../../words/formats';
import { testResultText } from '../../words/resultText';
import { showChoice, showMessage, showNotRunning, textContextOf, untilCancelled } from '../messages';
import type { WindowPorts } from '../ports';
import { askModel } from './askModel';
import { runningEndpoint } from './endpoint';

/** Uses the `wanted` model, else a connected client's, else one that the user selects. The message begins with `said`. */
export async function sendTestRequest(
  ports: WindowPorts,
  wanted: string | null = null,
  said = '',
): Promise<boolean> {
  const endpoint = runningEndpoint(ports);
  const { proxy, wheel } = ports.service.snapshot();
  if (endpoint === null) return showNotRunning(proxy);
  if (wheel.keys === 0) {
    const text = l10n.t('No key yet. Add one to send a request.');
    void showChoice({ severity: 'warning', text }, 'addKey');
    return false;
  }
  const { settings } = ports;
  const title = l10n.t('Send Test Request');
  const known =
    wanted ?? (await ports.connector.records()).map(({ model }) => model).find((model) => model !== null);
  const model = known ?? (await askModel({ title, models: listModels(endpoint), hasOwnModels: false }));
  if (typeof model !== 'string') return false;
  const result = await untilCancelled(
    l10n.t('Keywheel: asking {0}…', model),
    async (signal) => await send(endpoint, model, { ...settings.current, signal }),
  );
  if (result.kind !== 'cancelled') void showResult(result, said);
  else if (said !== '') showMessage('info', said);
  return result.kind === 'answered';
}

async function showResult(result: Exclude<TestResult, { kind: 'cancelled' }>, said: string): Promise<void> {
  const text = joined(' ', said, testResultText(result, textContextOf()));
  if (result.kind === 'answered') await showChoice({ severity: 'info', text }, 'openDashboard');
  else await showChoice({ severity: 'error', text }, 'runDoctor');
}
