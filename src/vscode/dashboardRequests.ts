// What the dashboard's page may have done, and how.
import { commands, env, l10n, window } from 'vscode';
import type { Log } from '../base/log';
import { exchangeReport } from '../service/exchangeReport';
import type { KeyActions } from '../service/keyActions';
import type { KeywheelService } from '../service/keywheelService';
import type { DashboardAction } from '../service/messages';
import type { DashboardRequest } from './dashboardPanel';

/** The command behind each button; the page can run no other. */
const actionCommands: Readonly<Record<DashboardAction, readonly [command: string, ...args: string[]]>> = {
  addKey: ['keywheel.addKey'],
  copyBaseUrl: ['keywheel.copyBaseUrl'],
  copyProxyKey: ['keywheel.copyProxyKey'],
  startProxy: ['keywheel.startProxy'],
  openSettings: ['workbench.action.openSettings', 'keywheel.'],
  showLog: ['keywheel.showLog'],
};

export interface DashboardRequestPorts {
  readonly service: Pick<KeywheelService, 'activity' | 'unlock'>;
  readonly keyActions: Pick<KeyActions, 'onKey' | 'onAccount'>;
  readonly version: string;
  readonly log: Log;
}

/** Resolves to whether it has been done; a failure is logged and told, and never rejects. */
export async function runDashboardRequest(
  request: DashboardRequest,
  ports: DashboardRequestPorts,
): Promise<boolean> {
  try {
    return await run(request, ports);
  } catch (error: unknown) {
    ports.log.error(`The dashboard's ${request.type} failed.`, error);
    const showLog = l10n.t('Show Log');
    const message = l10n.t('Keywheel: that did not work. The log tells why.');
    void window.showErrorMessage(message, showLog).then((answer) => {
      if (answer === showLog) void commands.executeCommand('keywheel.showLog');
    });
    return false;
  }
}

async function run(request: DashboardRequest, ports: DashboardRequestPorts): Promise<boolean> {
  const { service, keyActions } = ports;
  switch (request.type) {
    case 'run': {
      const [command, ...args] = actionCommands[request.action];
      return (await commands.executeCommand(command, ...args)) !== false;
    }
    case 'key':
      return await keyActions.onKey(request.keyId, request.act);
    case 'account':
      return await keyActions.onAccount(request.accountId, request.act);
    case 'unlockModel':
      service.unlock({ model: request.model });
      return true;
    case 'copyReport': {
      const exchange = service.activity().find(({ id }) => id === request.id);
      if (exchange === undefined) return false;
      await env.clipboard.writeText(exchangeReport(exchange, ports.version));
      return true;
    }
  }
}
