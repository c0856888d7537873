// Upstream's last error, kept for the case that no better answer comes: it goes to the client in upstream's own words.
import {
  certificateProblem,
  isLasting,
  proxyProblem,
  unreachedCause,
  unreachedCode,
  type CertificateProblem,
  type ProxyProblem,
} from '../../base/systemError';
import type { DenialKind } from '../../keys/denials';
import type { Answer } from './answer';
import { without } from '../request/headers';
import type { Answered, Failed, HeldError } from '../upstream/judge';
import type { Fault, Outcome } from '../errors/outcome';
import { Refusal } from '../errors/refusal';

export class LastError {
  private last: { error: HeldError; headers: readonly string[]; outcome: Outcome } | null = null;

  keep({ reply, error, outcome }: Failed): void {
    if (error !== null && reply !== null) this.last = { error, headers: reply.forClient, outcome };
  }

  /** Whether upstream's own words tell the client more than the denial would. */
  isBetterThan(kind: DenialKind): boolean {
    if (this.last === null || refusalOfOutcome(this.last.outcome) !== null) return false;
    switch (kind) {
      case 'modelBusy':
      case 'allTried':
        return true;
      case 'exhausted':
      case 'noKeys':
        return isOfThisRequest(this.last.outcome);
      case 'keysAwaited':
      case 'queueFull':
      case 'stopping':
        return false;
    }
  }

  /** Ends the answer with the error of `outcome`: upstream's own where there is one, else throws ours. */
  giveBack(answer: Answer, outcome: Outcome | null, model: string | null): void {
    const refusal = outcome === null ? null : refusalOfOutcome(outcome);
    if (refusal !== null || this.last === null) {
      throw refusal ?? new Refusal('upstream_cut', 'OpenRouter gave no answer.');
    }
    const { error, headers } = this.last;
    // To the client 401 means a wrong proxy key; this 401 is a provider's.
    const status = error.status === 401 ? 403 : error.status;
    answer.giveBack({ ...error, status }, headersFor(error.kind, headers), model);
  }
}

/**
 * Whether an error that is longer than may be held can still be passed on whole: not if our own words are better, or the
 * client holds a stream of ours.
 */
export function passesOn(
  failed: Failed,
  answer: Answer,
): failed is Failed & Pick<Answered, 'reply' | 'held'> {
  const isLong = failed.error?.kind === 'standIn' && failed.reply !== null && failed.held !== null;
  return isLong && refusalOfOutcome(failed.outcome) === null && !answer.isKeptAlive;
}

/** Upstream's headers, as far as they are true of the body that is given back. */
function headersFor(kind: HeldError['kind'], own: readonly string[]): readonly string[] {
  switch (kind) {
    case 'asSent':
      return without(own, ofCoding);
    case 'coded':
      return without(own, ofLength);
    case 'ours':
    case 'standIn':
      return [...without(own, ofContent), 'content-type', 'application/json'];
  }
}

const ofLength: ReadonlySet<string> = new Set(['content-length']);
/** Not true of a body that is given back decoded. */
const ofCoding: ReadonlySet<string> = new Set(['content-length', 'content-encoding']);
/** Not true of a body that was made here. */
const ofContent: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-type']);

/** Whether only this one request was refused: the account may still serve others. */
function isOfThisRequest({ kind }: Outcome): boolean {
  return kind === 'requestTooDear' || kind === 'policy' || kind === 'ownKeyWanted';
}

/** The refusal for an outcome that has no answer to give back; null where upstream's own error is to be given back. */
function refusalOfOutcome(outcome: Outcome): Refusal | null {
  if (outcome.kind === 'fault') return refusalOfFault(outcome.fault);
  if (outcome.kind !== 'unauthorized') return null;
  // To the client 401 means a wrong proxy key, and one client tries ten times at it.
  return new Refusal(
    'no_usable_key',
    'OpenRouter refused the key. Check it in Keywheel’s dashboard, or at openrouter.ai/settings/keys.',
  );
}

function refusalOfFault(fault: Fault): Refusal {
  switch (fault.code) {
    case 'notSent': {
      const { cause, retryAtMs } = fault;
      const code = unreachedCode(cause);
      const metadata = { cause: unreachedCause(code), cause_code: code };
      return new Refusal('upstream_unreachable', unreachedText(code), { retryAtMs, metadata, cause });
    }
    case 'resetBeforeHead':
    case 'cut':
      return new Refusal('upstream_cut', 'OpenRouter closed the connection before its answer was complete.', {
        cause: fault.cause,
      });
    case 'unreadable':
      return new Refusal(
        'upstream_unfit',
        'OpenRouter’s answer was not valid HTTP, so none of it can be passed on.',
        { cause: fault.cause },
      );
    case 'notAnAnswer':
      return new Refusal(
        'upstream_unfit',
        'OpenRouter’s answer had nothing in it, or was neither JSON nor an event stream.',
      );
    case 'headTooLarge':
      return new Refusal('upstream_cut', 'OpenRouter answered with headers larger than 64 KiB.');
    case 'headTimeout':
    case 'firstTokenTimeout':
    case 'idleTimeout':
      return new Refusal('upstream_silent', 'OpenRouter accepted the request and did not answer in time.');
    case 'clientGone':
      return new Refusal('upstream_cut', 'The client has left.');
  }
}

/** For the client: the cause with its code, and the remedy. */
function unreachedText(code: string): string {
  const problem = certificateProblem(code) ?? proxyProblem(code);
  if (problem !== null)
    return isLasting(code) ? `${problemTexts[problem](code)} ${lasting}` : problemTexts[problem](code);
  return unreachedCause(code) === 'name'
    ? `OpenRouter’s address was not found (${code}): is this machine online?`
    : `OpenRouter cannot be reached (${code}): is this machine online?`;
}

const lasting =
  'No new connection is tried for 5 minutes, unless you choose Check Now, change the settings, or restart Keywheel.';

const problemTexts: Readonly<Record<CertificateProblem | ProxyProblem, (code: string) => string>> = {
  expired: (code) =>
    `The certificate that came for OpenRouter has expired, or this machine’s clock is wrong (${code}). Set the clock; if it is right, something on the way answers in OpenRouter’s place.`,
  notYetValid: (code) =>
    `The certificate that came for OpenRouter is not valid yet: this machine’s clock is behind (${code}). Set the clock.`,
  selfSigned: (code) =>
    `The certificate that came for OpenRouter is self-signed (${code}): a sign-in page or a gateway answers in its place. Sign in to the network; if you trust that gateway, name its certificate’s PEM file in NODE_EXTRA_CA_CERTS.`,
  otherName: (code) =>
    `The certificate that came for OpenRouter is for another name (${code}): something on the way answers in its place. Sign in to the network, and look at the upstream URL.`,
  unknownIssuer: (code) =>
    `The certificate that came for OpenRouter is signed by an authority that is not trusted here, as where a company inspects TLS (${code}). Name that authority’s PEM file in NODE_EXTRA_CA_CERTS, or install it among the system’s certificates.`,
  other: (code) => `The certificate that came for OpenRouter is not accepted (${code}).`,
  unusable: (code) =>
    `The network proxy’s address cannot be used (${code}). Set http.proxy or HTTPS_PROXY to one such as http://proxy:3128: SOCKS is not supported.`,
  credentials: (code) =>
    `The network proxy wants a user name and password, or does not accept these (${code}). Put them into http.proxy or HTTPS_PROXY, as http://user:password@host:port.`,
  refused: (code) =>
    `The network proxy does not let the connection to OpenRouter through (${code}). Ask whoever runs it to allow OpenRouter’s host at port 443.`,
  silent: (code) => `The network proxy did not answer in time (${code}).`,
  unreached: (code) =>
    `The network proxy cannot be reached (${code}). Look at http.proxy or HTTPS_PROXY, and whether this machine is online.`,
};
