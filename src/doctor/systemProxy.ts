// Finds network proxies that only the system's settings name: Keywheel does not use them, and says so.
import { printed } from './portOwner';

/** `pac`: a script that chooses one; `at` is its URL, or empty if the network tells it. */
export interface SystemProxy {
  readonly kind: 'proxy' | 'pac';
  readonly at: string;
}

const registryKey = String.raw`HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings`;

/** Null if there is none, or the system does not tell. Never rejects. */
export async function systemProxy(platform: NodeJS.Platform): Promise<SystemProxy | null> {
  try {
    if (platform === 'win32') return parseRegistry(await printed('reg', ['query', registryKey]));
    if (platform === 'darwin') return parseScutil(await printed('scutil', ['--proxy']));
    return parseGsettings(await printed('gsettings', ['list-recursively', 'org.gnome.system.proxy']));
  } catch {
    // The system's command is missing.
    return null;
  }
}

/** From what `reg query` prints of the Internet Settings. */
export function parseRegistry(text: string): SystemProxy | null {
  const value = (name: string): string =>
    new RegExp(`^\\s*${name}\\s+REG_\\w+\\s+(.+?)\\s*$`, 'm').exec(text)?.[1] ?? '';
  const script = value('AutoConfigURL');
  return script === '' ? named(Number(value('ProxyEnable')) === 1, value('ProxyServer')) : pac(script);
}

/** From what `scutil --proxy` prints. */
export function parseScutil(text: string): SystemProxy | null {
  const value = (name: string): string => new RegExp(`^\\s*${name} : (.+?)\\s*$`, 'm').exec(text)?.[1] ?? '';
  if (value('ProxyAutoConfigEnable') === '1') return pac(value('ProxyAutoConfigURLString'));
  if (value('ProxyAutoDiscoveryEnable') === '1') return pac('');
  return named(value('HTTPSEnable') === '1', `${value('HTTPSProxy')}:${value('HTTPSPort')}`);
}

/** From what `gsettings list-recursively org.gnome.system.proxy` prints. */
export function parseGsettings(text: string): SystemProxy | null {
  const value = (name: string): string =>
    new RegExp(`^org\\.gnome\\.system\\.proxy${name} '?(.*?)'?$`, 'm').exec(text)?.[1] ?? '';
  const mode = value(' mode');
  if (mode === 'auto') return pac(value(' autoconfig-url'));
  const host = value(String.raw`\.https host`);
  return named(mode === 'manual' && host !== '', `${host}:${value(String.raw`\.https port`)}`);
}

function pac(at: string): SystemProxy {
  return { kind: 'pac', at };
}

function named(isOn: boolean, at: string): SystemProxy | null {
  return isOn ? { kind: 'proxy', at } : null;
}
