// A request on a socket of our own: nothing that VS Code puts around `http` sees it.
import { connect as tcpConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { Clock } from '../../base/clock';

export type BareAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Names in lower case. */
      readonly headers: ReadonlyMap<string, string>;
      /** What came of the body within the first 16 KiB. */
      readonly text: string;
      /** Until the connection (with TLS) stood. */
      readonly connectMs: number;
      /** Until the head of the answer was here. */
      readonly headMs: number;
    }
  /** `code` is the system's, `timeout`, or `noHttp` where something else answers. */
  | { readonly kind: 'failed'; readonly code: string };

const mostBytes = 16 * 1024;

/** `GET url`, asked to close the connection; never rejects. */
export async function askBare(url: string, timeoutMs: number, clock: Clock): Promise<BareAnswer> {
  const { protocol, hostname, port, host, pathname, search } = new URL(url);
  const name = hostname.replace(/^\[|\]$/g, '');
  const isTls = protocol === 'https:';
  const startedAtMs = clock.nowMs();
  const passedMs = (): number => clock.nowMs() - startedAtMs;
  return await new Promise<BareAnswer>((resolve) => {
    let [connectMs, headMs, received] = [0, 0, ''];
    const address = { host: name, port: Number(port === '' ? (isTls ? 443 : 80) : port) };
    const socket: Socket = isTls ? tlsConnect({ ...address, servername: name }) : tcpConnect(address);
    const end = (answer: BareAnswer): void => {
      timer.dispose();
      socket.destroy();
      resolve(answer);
    };
    const timer = clock.after(timeoutMs, () => end({ kind: 'failed', code: 'timeout' }));
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      connectMs = passedMs();
      socket.write(
        `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
      );
    });
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      if (headMs === 0) headMs = passedMs();
      received += chunk;
      if (received.length >= mostBytes) end(parsed(received, connectMs, headMs));
    });
    socket.once('error', (error: Error & { code?: string }) =>
      end({ kind: 'failed', code: error.code ?? error.name }),
    );
    socket.once('close', () => end(parsed(received, connectMs, headMs)));
  });
}

function parsed(received: string, connectMs: number, headMs: number): BareAnswer {
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const status = /^HTTP\/1\.\d (\d{3})/.exec(statusLine)?.[1];
  if (status === undefined) return { kind: 'failed', code: received === '' ? 'noAnswer' : 'noHttp' };
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { kind: 'answer', status: Number(status), headers, text: rest.join('\r\n\r\n'), connectMs, headMs };
}
