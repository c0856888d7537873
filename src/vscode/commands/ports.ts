// What commands depend on.
import type { Clock } from '../../base/clock';
import type { Log } from '../../base/log';
import type { KeyActions } from '../../service/keyring/keyActions';
import type { Keyring } from '../../service/keyring/keyring';
import type { KeywheelService } from '../../service/keywheelService';
import type { SecretVault } from '../../service/ports';
import type { ClientPorts } from '../clients/ports';
import type { UserSettings } from '../settings';

export interface CommandPorts {
  readonly service: Pick<KeywheelService, 'start' | 'stop' | 'snapshot'> & {
    /** The next exchange as text when it has ended, or null if none came. */
    recordNext(): Promise<string | null>;
  };
  readonly keyring: Pick<Keyring, 'keys' | 'proxyKey' | 'add' | 'addAll' | 'remove' | 'renewProxyKey'>;
  readonly keyActions: Pick<KeyActions, 'onKey' | 'forgetRemoved'>;
  readonly vault: Pick<SecretVault, 'clearKeys'>;
  readonly settings: Pick<UserSettings, 'current'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly clients: ClientPorts;
  /** The version of this extension. */
  readonly version: string;
  /** `publisher.name` of this extension. */
  readonly extensionId: string;
  /** Removes counts, past requests and the state of notices. Resolves to whether the proxy has removed them too. */
  readonly forget: () => Promise<boolean>;
  readonly showDashboard: () => void;
  readonly showLog: () => void;
}

/** Resolves to whether the command succeeded; false if the user cancelled or was told why not. */
export type Command = (ports: CommandPorts) => Promise<boolean>;
