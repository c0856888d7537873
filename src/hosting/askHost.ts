// One request to the host. The program on the port first proves that it is ours; no other program gets the request.
import * as v from 'valibot';
import { parseJson } from '../base/json';
import { textOf } from './hostLine';
import { identify } from './identify';
import type { WindowIdentity } from './identity';

export interface HostQuestion {
  /** Below `/host/`. */
  readonly name:
    | 'keys'
    | 'refresh'
    | 'watch'
    | 'unlock'
    | 'cancel'
    | 'clearActivity'
    | 'forget'
    | 'record'
    | 'stop'
    | 'retire';
  /** The purposes for sealing a body with secrets, and for opening the answer's `sealed`. */
  readonly sealedAs?: string;
  readonly answerSealedAs?: string;
  readonly body: unknown;
  readonly timeoutMs: number;
}

export interface HostReply {
  readonly status: number;
  readonly body: unknown;
}

const sealedSchema = v.object({ sealed: v.string() });

/** Null if no host of ours has the port, or it did not answer in time. Never rejects. */
export async function askHost(
  port: number,
  self: WindowIdentity,
  { name, sealedAs, answerSealedAs, body, timeoutMs }: HostQuestion,
): Promise<HostReply | null> {
  const who = await identify(port, self);
  if (who.kind !== 'ours') return null;
  const { line } = who;
  try {
    const seal = line.seal();
    const sent = sealedAs === undefined ? body : { sealed: seal.close(sealedAs, body) };
    const request = { method: 'POST', path: `/host/${name}`, body: Buffer.from(JSON.stringify(sent)) };
    const response = await line.send(request, AbortSignal.timeout(timeoutMs));
    const answered = parseJson(await textOf(response)) ?? null;
    const status = response.statusCode ?? 0;
    const sealed = v.safeParse(sealedSchema, answered);
    if (answerSealedAs === undefined || !sealed.success) return { status, body: answered };
    return { status, body: seal.open(answerSealedAs, sealed.output.sealed) };
  } catch {
    // The connection was lost: the caller tries again or reports it.
    return null;
  } finally {
    line.dispose();
  }
}
