// Asks the system which program listens on a port, and which network proxy its settings name.
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';

export interface PortOwner {
  readonly processId: number;
  /** The program's name. */
  readonly program: string;
}

const commandTimeoutMs = 3_000;

/** The program that listens on the port; null if there is none, or the system does not tell. Never rejects. */
export async function portOwner(port: number, platform: NodeJS.Platform): Promise<PortOwner | null> {
  try {
    if (platform === 'linux') return await ownerOnLinux(port);
    if (platform === 'win32') return await ownerOnWindows(port);
    return parseLsof(await printed('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']));
  } catch {
    // The user may not see it, or the system's command is missing.
    return null;
  }
}

/** Reads the output of `lsof -Fpc`. */
export function parseLsof(text: string): PortOwner | null {
  const processId = /^p(\d+)$/m.exec(text)?.[1];
  const program = /^c(.+)$/m.exec(text)?.[1];
  return processId !== undefined && program !== undefined ? { processId: Number(processId), program } : null;
}

/** The process that listens on the port, from the output of `netstat -ano -p TCP` in any language. */
export function parseNetstat(text: string, port: number): number | null {
  const line = new RegExp(`^\\s*TCP\\s+\\S+:${port}\\s+\\S+:0\\s+\\S+\\s+(\\d+)\\s*$`, 'm');
  const processId = line.exec(text)?.[1];
  return processId === undefined ? null : Number(processId);
}

/** The inodes of sockets that listen on the port, from `/proc/net/tcp` or `/proc/net/tcp6`. */
export function parseProcNet(text: string, port: number): readonly string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = '0A';
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hex}`) === true && fields[3] === listening)
    .flatMap((fields) => fields[9] ?? []);
}

async function ownerOnLinux(port: number): Promise<PortOwner | null> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(async (file) => await readFile(file, 'utf8').catch(() => '')),
  );
  const wanted = new Set(
    tables.flatMap((text) => parseProcNet(text, port)).map((inode) => `socket:[${inode}]`),
  );
  if (wanted.size === 0) return null;
  const processIds = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const processId of processIds) {
    if (await holdsOne(processId, wanted)) {
      // `comm` would be the name of a thread.
      const program = path.basename(await readlink(path.join('/proc', processId, 'exe')));
      return { processId: Number(processId), program };
    }
  }
  return null;
}

async function holdsOne(processId: string, wanted: ReadonlySet<string>): Promise<boolean> {
  const folder = path.join('/proc', processId, 'fd');
  // Processes of other users cannot be read.
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(
    names.map(async (name) => await readlink(path.join(folder, name)).catch(() => '')),
  );
  return targets.some((target) => wanted.has(target));
}

async function ownerOnWindows(port: number): Promise<PortOwner | null> {
  const processId = parseNetstat(await printed('netstat', ['-ano', '-p', 'TCP']), port);
  if (processId === null) return null;
  const list = await printed('tasklist', ['/FI', `PID eq ${processId}`, '/FO', 'CSV', '/NH']);
  return { processId, program: /^"([^"]+)"/m.exec(list)?.[1] ?? '' };
}

/** A network proxy that only the system's settings name: Keywheel does not use it, and says so. `pac`: a script that chooses one; `at` is its URL, or empty if the network gives it. */
export interface SystemProxy {
  readonly kind: 'proxy' | 'pac';
  readonly at: string;
}

const registryKey = String.raw`HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings`;

/** The network proxy of the system's settings; null if there is none, or the system does not tell. Never rejects. */
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

/** Reads the output of `reg query` for the Internet Settings. */
export function parseRegistry(text: string): SystemProxy | null {
  const value = (name: string): string =>
    new RegExp(`^\\s*${name}\\s+REG_\\w+\\s+(.+?)\\s*$`, 'm').exec(text)?.[1] ?? '';
  const script = value('AutoConfigURL');
  return script === '' ? named(Number(value('ProxyEnable')) === 1, value('ProxyServer')) : pac(script);
}

/** Reads the output of `scutil --proxy`. */
export function parseScutil(text: string): SystemProxy | null {
  const value = (name: string): string => new RegExp(`^\\s*${name} : (.+?)\\s*$`, 'm').exec(text)?.[1] ?? '';
  if (value('ProxyAutoConfigEnable') === '1') return pac(value('ProxyAutoConfigURLString'));
  if (value('ProxyAutoDiscoveryEnable') === '1') return pac('');
  return named(value('HTTPSEnable') === '1', `${value('HTTPSProxy')}:${value('HTTPSPort')}`);
}

/** Reads the output of `gsettings list-recursively org.gnome.system.proxy`. */
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

/** The standard output of the program; rejects if it fails, or takes longer than 3 s. */
async function printed(program: string, args: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: commandTimeoutMs, windowsHide: true }, (error, stdout) => {
      if (error) reject(new Error(`${program} failed.`, { cause: error }));
      else resolve(stdout);
    });
  });
}
