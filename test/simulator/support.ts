/** Helpers for the tests of the simulator: a clock that they set, and requests over real sockets. */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { AccountOptions } from './limits/account';
import { Simulator, type SimulatorOptions } from './simulator';

export const KEY = 'sk-or-v1-a1';
export const FREE = 'x/y:free';
export const PAID = 'x/y';
/** 2026-10-14 12:00:10 UTC, a Wednesday. */
export const NOON_MS = Date.UTC(2026, 9, 14, 12, 0, 10);

export class SetClock {
  constructor(private atMs = NOON_MS) {}

  nowMs(): number {
    return this.atMs;
  }

  set(atMs: number): void {
    this.atMs = atMs;
  }

  advance(ms: number): void {
    this.atMs += ms;
  }
}

export const one: AccountOptions = { name: 'a', keys: [KEY] };

/** Runs `use` with a simulator that is stopped afterwards. */
export async function withSimulator(
  options: SimulatorOptions,
  use: (simulator: Simulator) => Promise<void>,
): Promise<void> {
  const simulator = await Simulator.start({ accounts: [one], ...options });
  try {
    await use(simulator);
  } finally {
    await simulator.stop();
  }
}

export interface Asked {
  readonly model?: string;
  readonly stream?: boolean;
  readonly key?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

export function ask(simulator: Simulator, asked: Asked = {}): Promise<Response> {
  const { model = FREE, stream = false, key = KEY, path = '/chat/completions', headers = {} } = asked;
  return fetch(simulator.baseUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Hi' }] }),
  });
}

export function get(
  simulator: Simulator,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(simulator.baseUrl + path, { headers: { authorization: `Bearer ${KEY}`, ...headers } });
}

/** The data of the events in a stream's text. */
export function dataOf(text: string): string[] {
  return text
    .split(/\r?\n\r?\n/)
    .map((event) => /^data: (.*)$/m.exec(event)?.[1])
    .filter((data) => data !== undefined);
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface RawAnswer {
  readonly chunks: Buffer[];
  readonly error: NodeJS.ErrnoException | undefined;
}

/** Writes `text` on a socket of its own; returns what came until the other side ended it. */
export function raw(simulator: Simulator, text: string): Promise<RawAnswer> {
  return untilClosed(connect(simulator.port, '127.0.0.1'), text);
}

export function untilClosed(socket: Socket, text: string): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let error: NodeJS.ErrnoException | undefined;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', (raised) => (error = raised));
  socket.write(text);
  return new Promise((resolve) => socket.once('close', () => resolve({ chunks, error })));
}

/** A chat request as raw text. */
export function rawChat(stream: boolean, model = FREE): string {
  const body = JSON.stringify({ model, stream });
  return `POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
