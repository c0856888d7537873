// The ports that the features of a window depend on.
import type { Extension, Memento, QuickPickItem } from 'vscode';
import type { Clock } from '../base/clock';
import type { Event } from '../base/event';
import type { Log } from '../base/log';
import type { Connector } from '../clients/connector';
import type { ListedModel } from '../clients/modelList';
import type { ConnectionRecords } from '../clients/records';
import type { KeyActions } from '../service/keyring/keyActions';
import type { Keyring } from '../service/keyring/keyring';
import type { KeywheelService } from '../service/keywheelService';
import type { SharedRecord } from '../service/notices';
import type { SecretVault } from '../service/keyring/storedKey';
import type { StateSource } from './stateSource';
import type { TextPage } from './textPage';
import type { UserSettings } from './settings';

/** An item of Connect Client's list. */
export interface ClientItem extends QuickPickItem {
  /** Resolves to whether it succeeded. */
  readonly run: () => Promise<boolean>;
}

export interface WindowPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** The version of this extension. */
  readonly version: string;
  readonly extension: Pick<Extension<unknown>, 'id' | 'extensionUri'>;
  readonly settings: UserSettings;
  readonly service: Pick<
    KeywheelService,
    'snapshot' | 'activity' | 'history' | 'start' | 'stop' | 'refresh' | 'watched' | 'unlock'
  > &
    Pick<KeywheelService, 'onDidChange' | 'onDidFinishExchange'> & {
      /** `activity()` and the history were replaced. */
      readonly onDidChangeHistory: Event<void>;
      /** The next exchange as text when it has ended, or null if none came. */
      recordNext(): Promise<string | null>;
      /** Resolves to whether the exchange was still running. */
      cancel(requestId: string): Promise<boolean>;
      clearActivity(): Promise<boolean>;
    };
  readonly keyring: Keyring;
  readonly keyActions: KeyActions;
  readonly vault: SecretVault;
  readonly state: StateSource;
  readonly connector: Connector;
  readonly records: ConnectionRecords;
  /** OpenRouter's list, at most an hour old if OpenRouter can be reached; else empty. Never rejects. */
  readonly models: () => Promise<readonly ListedModel[]>;
  readonly page: TextPage;
  /** Items that other features add to Connect Client's list on activation. */
  readonly entries: ClientItem[];
  /** Called after a client was connected, so that the uninstall script finds the records. Never rejects. */
  readonly noteStorage: () => Promise<void>;
  /** Shared by all windows of the user. */
  readonly globalState: Memento;
  /** Removes counts, past requests and the shared records. Resolves to whether the proxy has removed them too. */
  readonly forget: () => Promise<boolean>;
  readonly showDashboard: () => void;
  readonly showLog: () => void;
}

/** Resolves to whether the command succeeded; false if the user cancelled or was told why not. */
export type Command = (ports: WindowPorts) => Promise<boolean>;

/** Names of the records in `globalState`: shown and muted notices, the last move of the proxy, models whose end was told. */
export const recordNames = { notices: 'notices', move: 'moved', endedModels: 'endedModels' } as const;

export function sharedRecord(globalState: Memento, name: string): SharedRecord {
  return {
    read: () => globalState.get<unknown>(name),
    write: async (record) => await globalState.update(name, record),
  };
}
