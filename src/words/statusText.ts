// The status bar item's content as plain values; does not import vscode, so that every state can be tested.
import type { DashboardState } from '../service/messages';
import { canServe, lockOf, serves, stateLock } from '../service/accountFacts';
import type { AccountView, LockView, ProxyFailure } from '../service/snapshot';
import { joined } from './formats';
import {
  accountWords,
  outcomeText,
  proxyWords,
  vaultWords,
  waitingText,
  type TextContext,
} from './stateWords';
import { unreachedText } from './reachReason';
import { wordsFor } from './translate';

export const statusFormats = ['number', 'percent', 'usedOfLimit'] as const;
export type StatusFormat = (typeof statusFormats)[number];

type Wheel = DashboardState['snapshot']['wheel'];

/** How long the item shows that a paid request was refused with 402. */
const paidRefusalShownMs = 5 * 60_000;

/** A lock that ends within this time delays requests like a full minute. */
const soonMs = 60_000;

export interface StatusText {
  /** With at most one icon, such as `$(key) 1,834`. */
  readonly text: string;
  /** The text for screen readers. */
  readonly spoken: string;
  /** `warning`: no free request can be served now · `error`: the proxy does not run until the user does something. */
  readonly severity: 'normal' | 'warning' | 'error';
  /** The command of a click. */
  readonly command: 'keywheel.addKey' | 'keywheel.openDashboard';
  /** When the text changes without a new snapshot, or null. */
  readonly changesAtMs: number | null;
}

/** The most important state first: proxy, vault, keys, then the allowance left today. */
export function statusText(
  state: DashboardState,
  format: StatusFormat,
  textContext: TextContext,
): StatusText {
  return (
    proxyText(state, textContext) ??
    vaultText(state, textContext) ??
    allowanceText(state, format, textContext)
  );
}

function proxyText({ snapshot: { proxy } }: DashboardState, { t }: TextContext): StatusText | null {
  if (proxy.kind === 'running') return null;
  const spoken = `Keywheel: ${proxyWords(proxy, t).text}`;
  if (proxy.kind !== 'failed') return calm(idleText(proxy.kind, t), spoken);
  const { code, port, detail } = proxy;
  const icon = failureIcons[code];
  const text = `$(${icon}) ${failureText(code, t, String(port), withoutIcons(detail))}`;
  return { ...calm(text, spoken), severity: icon === 'error' ? 'error' : 'normal' };
}

const idleText = wordsFor<'starting' | 'stopped'>({
  starting: () => '$(loading~spin) Keywheel',
  stopped: (t) => `$(circle-slash) ${t('Keywheel stopped')}`,
});

/** The icon `error` gives the severity `error`; with the others another Keywheel or product serves the port. */
const failureIcons: Readonly<Record<ProxyFailure, 'remote' | 'key' | 'error'>> = {
  otherMachine: 'remote',
  otherProduct: 'key',
  otherVersion: 'key',
  portInUse: 'error',
  portSilent: 'error',
  portForbidden: 'error',
  other: 'error',
};

const failureText = wordsFor<ProxyFailure, string, [port: string, product: string]>({
  otherMachine: (t) => t('Served by another machine'),
  otherProduct: (t, _, product) => t('Served by {0}', product),
  otherVersion: (t) => t('Keywheel: reload this window'),
  portInUse: (t, port) => t('Keywheel: port {0} in use', port),
  portSilent: (t, port) => t('Keywheel: port {0} does not answer', port),
  portForbidden: (t, port) => t('Keywheel: port {0} not allowed', port),
  other: (t) => t('Keywheel not running'),
});

/** Removes icons, because the other program on the port chooses its own name. */
function withoutIcons(text: string): string {
  return text.replace(/\$+\(/g, '(');
}

function vaultText({ vault, snapshot }: DashboardState, { t }: TextContext): StatusText | null {
  if (snapshot.wheel.keys > 0 || vault === 'ok') return null;
  const words = vaultWords(vault, t);
  const spoken = words === null ? t('Keywheel: loading keys') : `Keywheel: ${words.text}`;
  return calm(keychainText(vault, t), spoken);
}

const keychainText = wordsFor<Exclude<DashboardState['vault'], 'ok'>>({
  loading: () => '$(loading~spin) Keywheel',
  slow: (t) => `$(loading~spin) ${t('Waiting for keychain')}`,
  refused: (t) => `$(warning) ${t('No keychain')}`,
});

function allowanceText(state: DashboardState, format: StatusFormat, textContext: TextContext): StatusText {
  const { t, formats, nowMs } = textContext;
  const { wheel, accounts } = state.snapshot;
  if (wheel.keys === 0)
    return {
      ...calm(`$(key) ${t('Keywheel: Add Key')}`, `Keywheel: ${t('No key yet')}`),
      command: 'keywheel.addKey',
    };
  if (state.snapshot.unreached !== undefined) return unreachedStatus(state, textContext);
  const usable = accounts.filter(({ keys }) => keys.some(canServe));
  if (usable.length === 0)
    return calm(`$(key) ${t('No usable key')}`, `Keywheel: ${t('No key can be used')}`);
  const free = usable.filter((account) => serves(account, 'free'));
  const counted = free.length > 0 ? free : usable;
  const unavailable = counted.filter((account) => !isServableSoon(account, nowMs));
  const waiting = waitingText(wheel.waiting, textContext);
  const spokenText = (spoken: string): string => `Keywheel: ${joined(', ', spoken, waiting)}`;
  const changesAtMs = earliest(
    unavailable.map(({ untilMs }) => (untilMs === null ? null : untilMs - soonMs)),
  );
  const figureOf = (left: number): string => allowanceFigure(wheel, { left, format, textContext });
  if (unavailable.length === counted.length)
    return { ...unavailableText(unavailable, figureOf(0), textContext, spokenText), changesAtMs };
  const shown = (text: string, spoken: string): StatusText => ({
    ...calm(text, spokenText(spoken)),
    changesAtMs,
  });
  const icon = wheel.waiting > 0 ? 'loading~spin' : 'key';
  const refused = paidRefusal(usable, wheel, nowMs);
  if (refused !== null) {
    const reason = outcomeText(refused.reason, t);
    const warning = shown(`$(warning) ${reason}`, t('Paid requests: {0}', reason));
    return { ...warning, changesAtMs: earliest([changesAtMs, refused.untilMs]) };
  }
  const credits = creditsFigure(state, textContext);
  if (credits !== null) return shown(`$(${icon}) ${credits}`, t('{0} of credits left', credits));
  if (wheel.freeLimit === 0) return shown(`$(${icon}) Keywheel`, t('Ready'));
  const left = Math.max(wheel.freeLeft - unavailable.reduce((sum, { day }) => sum + day.left, 0), 0);
  const spoken = t(
    '{0} of {1} free requests left today',
    formats.count(left),
    formats.count(wheel.freeLimit),
  );
  return shown(`$(${icon}) ${figureOf(left)}`, spoken);
}

/** Shows no figure, because no request can be served. */
function unreachedStatus({ snapshot }: DashboardState, textContext: TextContext): StatusText {
  const text = `$(cloud-offline) ${textContext.t('OpenRouter unreachable')}`;
  return { ...calm(text, `Keywheel: ${unreachedText(snapshot, textContext)}`), severity: 'warning' };
}

function calm(text: string, spoken: string): StatusText {
  return { text, spoken, severity: 'normal', command: 'keywheel.openDashboard', changesAtMs: null };
}

/** For a time when nothing can be served: the allowance is used up, or every account is locked. */
function unavailableText(
  unavailable: readonly AccountView[],
  figure: string,
  textContext: TextContext,
  spokenText: (spoken: string) => string,
): StatusText {
  const { t, formats, nowMs } = textContext;
  const untilMs = earliest(unavailable.map((account) => account.untilMs));
  const until = untilMs === null ? '' : formats.until(untilMs, nowMs);
  const warning = (text: string, spoken: string): StatusText => ({
    ...calm(`$(warning) ${text}`, spokenText(spoken)),
    severity: 'warning',
  });
  if (until !== '' && unavailable.every(({ state }) => state === 'usedUp'))
    return warning(
      t('{0} · resets {1}', figure, until),
      t('No free requests left today. They reset at {0}', until),
    );
  const reasons = new Set(unavailable.map((account) => accountWords(account, textContext).text));
  return warning(until === '' ? figure : t('{0} until {1}', figure, until), [...reasons].join(', '));
}

/** A full minute or a short lock delays requests but does not fail them. */
function isServableSoon(account: AccountView, nowMs: number): boolean {
  const { state, untilMs } = account;
  switch (state) {
    case 'ready':
    case 'waiting':
      return true;
    case 'usedUp':
    case 'locked':
      // A key that got a 401 gets one again, unless that was an incident at OpenRouter.
      return untilMs !== null && untilMs - nowMs <= soonMs && stateLock(account)?.reason !== 'unauthorized';
    case 'off':
      return false;
  }
}

/** The lock that ends first where all accounts for paid requests are locked, for a while after a refusal; else null. */
function paidRefusal(
  usable: readonly AccountView[],
  { paidRefusedAtMs = 0 }: Wheel,
  nowMs: number,
): Pick<LockView, 'reason' | 'untilMs'> | null {
  const spending = usable.filter((account) => serves(account, 'paid'));
  const locks = spending.flatMap((account) => lockOf(account, 'paid') ?? []);
  const [first] = locks.sort((a, b) => a.untilMs - b.untilMs);
  if (first === undefined || locks.length < spending.length) return null;
  const untilMs = Math.min(paidRefusedAtMs + paidRefusalShownMs, first.untilMs);
  return untilMs > nowMs ? { reason: first.reason, untilMs } : null;
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** The credits left, if no free models are used and each key that may spend credits has a cap; else null. */
export function creditsFigure(
  { snapshot, paidOnly }: DashboardState,
  { formats }: TextContext,
): string | null {
  if (!paidOnly && snapshot.wheel.freeLimit > 0) return null;
  const spending = snapshot.accounts.filter((account) => serves(account, 'paid'));
  const known = spending.flatMap(({ creditsLeft }) => creditsLeft ?? []);
  if (known.length === 0 || known.length < spending.length) return null;
  return formats.credits(known.reduce((sum, credits) => sum + credits, 0));
}

function allowanceFigure(
  { freeLimit, freeUsed }: Wheel,
  {
    left,
    format,
    textContext: { formats },
  }: { left: number; format: StatusFormat; textContext: TextContext },
): string {
  switch (format) {
    case 'number':
      return formats.count(left);
    case 'percent':
      return formats.share(left, freeLimit);
    case 'usedOfLimit':
      return `${formats.count(freeUsed)}/${formats.count(freeLimit)}`;
  }
}
