// One request to the host: who has the port is asked first, and told nothing unless it is ours.
import * as v from 'valibot';
import { bodyOf } from './hostLine';
import { identify } from './identify';
import type { WindowIdentity } from './identity';

export interface HostQuestion {
  /** Below `/host/`. */
  readonly name: 'keys' | 'check-key' | 'refresh' | 'unlock' | 'forget' | 'record' | 'stop' | 'retire';
  /** Sealed under this name where it holds secrets, and the answer's `sealed` is opened under the other. */
  readonly sealedAs?: string;
  readonly answerSealedAs?: string;
  readonly body: unknown;
  readonly timeoutMs: number;
}

export interface HostReply {
  readonly status: number;
  readonly body: unknown;
}

const jsonText = v.pipe(v.string(), v.parseJson());
const sealedSchema = v.object({ sealed: v.string() });

/** Null where no host of ours has the port, or it did not answer in time. Never rejects. */
export async function askHost(
  port: number,
  self: WindowIdentity,
  { name, sealedAs, answerSealedAs, body, timeoutMs }: HostQuestion,
): Promise<HostReply | null> {
  const who = await identify(port, self);
  if (who.kind !== 'ours') return null;
  const { health, line } = who;
  try {
    const seal = line.seal(self.secret, health);
    const sent = sealedAs === undefined ? body : { sealed: seal.close(sealedAs, body) };
    const request = {
      method: 'POST',
      path: `/host/${name}`,
      body: Buffer.from(JSON.stringify(sent)),
    } as const;
    const response = await line.send(self.secret, health, request, AbortSignal.timeout(timeoutMs));
    const answered = v.safeParse(jsonText, (await bodyOf(response)).toString('utf8'));
    const status = response.statusCode ?? 0;
    if (!answered.success) return { status, body: null };
    const sealed = v.safeParse(sealedSchema, answered.output);
    if (answerSealedAs === undefined || !sealed.success) return { status, body: answered.output };
    return { status, body: seal.open(answerSealedAs, sealed.output.sealed) };
  } catch {
    // Lost on the way: whoever asked tries again or says so.
    return null;
  } finally {
    line.dispose();
  }
}
