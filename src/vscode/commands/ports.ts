// What commands work with.
import type { Clock } from '../../base/clock';
import type { Log } from '../../base/log';
import type { KeyActions } from '../../service/keyActions';
import type { Keyring } from '../../service/keyring';
import type { KeywheelService } from '../../service/keywheelService';
import type { SecretVault } from '../../service/ports';
import type { ClientPorts } from '../clients/ports';
import type { UserSettings } from '../settings';

export interface CommandPorts {
  readonly service: Pick<KeywheelService, 'start' | 'stop' | 'snapshot'> & {
    /** The next exchange in text once it is over, or null if none came. */
    recordNext(): Promise<string | null>;
  };
  readonly keyring: Pick<Keyring, 'keys' | 'proxyKey' | 'add' | 'remove' | 'renewProxyKey'>;
  readonly keyActions: Pick<KeyActions, 'onKey' | 'forgetRemoved'>;
  readonly vault: Pick<SecretVault, 'clearKeys'>;
  readonly settings: Pick<UserSettings, 'current'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly clients: ClientPorts;
  /** This extension's own version. */
  readonly version: string;
  /** `publisher.name` of this extension. */
  readonly extensionId: string;
  /** Takes away what is kept beside secrets: counts, past requests, and what notifications remember. Resolves to whether the proxy has forgotten them too. */
  readonly forget: () => Promise<boolean>;
  readonly showDashboard: () => void;
  readonly showLog: () => void;
}

/** Resolves to whether what the command is for has been done; false when the user left it or was told why not. */
export type Command = (ports: CommandPorts) => Promise<boolean>;
