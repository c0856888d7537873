// What the status bar item says, as plain values; no vscode, so that every state can be tested.
import type { DashboardState } from '../service/messages';
import { waitingText } from '../webview/overviewView';
import { proxyWords, type Speech } from '../webview/stateWords';

export const statusFormats = ['number', 'percent', 'usedOfLimit'] as const;
export type StatusFormat = (typeof statusFormats)[number];

type Wheel = DashboardState['snapshot']['wheel'];

/** For so long a refusal is worth a colour. */
const refusalShownMs = 60 * 60_000;

export interface StatusText {
  /** With one icon at most, as `$(key) 1,834`. */
  readonly text: string;
  /** In words, for those who hear it. */
  readonly spoken: string;
  /** `warning`: a request was refused within the last hour · `error`: nothing can be served until the user does something. */
  readonly severity: 'normal' | 'warning' | 'error';
  /** When it stops to be a warning, or null. */
  readonly warnsUntilMs: number | null;
}

/** The most pressing thing first: proxy, vault, keys, then what is left today. */
export function statusText(state: DashboardState, format: StatusFormat, speech: Speech): StatusText {
  return proxyText(state, speech) ?? vaultText(state, speech) ?? allowanceText(state, format, speech);
}

function proxyText({ snapshot }: DashboardState, { t }: Speech): StatusText | null {
  const { proxy } = snapshot;
  const spoken = `Keywheel: ${proxyWords(proxy, t).text}`;
  const normal = (text: string): StatusText => ({ text, spoken, severity: 'normal', warnsUntilMs: null });
  const failed = (text: string): StatusText => ({ ...normal(`$(error) ${text}`), severity: 'error' });
  switch (proxy.kind) {
    case 'running':
      return null;
    case 'starting':
      return normal('$(loading~spin) Keywheel');
    case 'stopped':
      return normal(`$(circle-slash) ${t('Keywheel stopped')}`);
    case 'failed':
      break;
  }
  switch (proxy.code) {
    case 'keywheelThere':
      return normal(`$(key) ${t('Served by another window')}`);
    case 'otherMachine':
      return normal(`$(remote) ${t('Served by {0}', proxy.detail)}`);
    case 'otherProduct':
      return normal(`$(key) ${t('Served by {0}', proxy.detail)}`);
    case 'otherVersion':
      return normal(`$(key) ${t('Keywheel: reload this window')}`);
    case 'portInUse':
      return failed(t('Keywheel: port {0} taken', String(proxy.port)));
    case 'portForbidden':
      return failed(t('Keywheel: port {0} forbidden', String(proxy.port)));
    case 'other':
      return failed(t('Keywheel not running'));
  }
}

function vaultText({ vault, snapshot }: DashboardState, { t }: Speech): StatusText | null {
  if (snapshot.wheel.keys > 0) return null;
  const normal = (text: string, spoken: string): StatusText => ({
    text,
    spoken,
    severity: 'normal',
    warnsUntilMs: null,
  });
  switch (vault) {
    case 'loading':
      return normal('$(loading~spin) Keywheel', t('Keywheel: loading keys'));
    case 'slow':
      return normal(
        `$(loading~spin) ${t('Waiting for keychain')}`,
        t('Keywheel: waiting for the system keychain. It may be asking for its password.'),
      );
    case 'refused':
      return normal(
        `$(warning) ${t('No keychain')}`,
        t('Keywheel: the system keychain does not keep secrets.'),
      );
    case 'ok':
      return null;
  }
}

function allowanceText(state: DashboardState, format: StatusFormat, speech: Speech): StatusText {
  const { t, nowMs } = speech;
  const { wheel, accounts } = state.snapshot;
  const warnsUntilMs = wheel.lastRefusalAtMs === null ? 0 : wheel.lastRefusalAtMs + refusalShownMs;
  const isWarning = warnsUntilMs > nowMs;
  const waiting = waitingText(wheel.waiting, speech);
  const icon = wheel.waiting > 0 ? 'loading~spin' : isWarning ? 'warning' : 'key';
  const said = (text: string, spoken: string): StatusText => ({
    text: `$(${icon}) ${text}`,
    spoken: `Keywheel: ${[spoken, waiting].filter((part) => part !== '').join(', ')}`,
    severity: isWarning ? 'warning' : 'normal',
    warnsUntilMs: isWarning ? warnsUntilMs : null,
  });
  if (wheel.keys === 0) return said(t('Add a key'), t('No key yet'));
  const isUsable = accounts.some(({ keys }) =>
    keys.some(({ enabled, health }) => enabled && (health === 'good' || health === 'unchecked')),
  );
  if (!isUsable) return said(t('No usable key'), t('No key can be used'));
  const credits = creditsFigure(state, speech);
  if (credits !== null) return said(credits, t('{0} of credits left', credits));
  return freeText(wheel, { format, isWarning, said, speech });
}

interface Saying {
  readonly format: StatusFormat;
  readonly isWarning: boolean;
  readonly said: (text: string, spoken: string) => StatusText;
  readonly speech: Speech;
}

/** After a refusal the time of the reset is what people want to know. */
function freeText(wheel: Wheel, { format, isWarning, said, speech }: Saying): StatusText {
  const { t, formats, nowMs } = speech;
  const resets = wheel.resetAtMs === null ? '' : formats.until(wheel.resetAtMs, nowMs);
  if (wheel.freeLeft <= 0 && resets !== '') {
    const text = t('Used up until {0}', resets);
    return said(text, text);
  }
  const figure = allowanceFigure(wheel, format, speech);
  const [left, limit] = [formats.count(wheel.freeLeft), formats.count(wheel.freeLimit)];
  const spoken = t('{0} of {1} free requests left today', left, limit);
  if (!isWarning || resets === '') return said(figure, spoken);
  return said(t('{0}, new ones at {1}', figure, resets), t('{0}, new ones at {1}', spoken, resets));
}

/** What is left of credits where nothing free is used and that is known; else null. */
function creditsFigure({ snapshot, paidOnly }: DashboardState, { formats }: Speech): string | null {
  if (!paidOnly && snapshot.wheel.freeLimit > 0) return null;
  const known = snapshot.accounts.flatMap(({ creditsLeft }) => creditsLeft ?? []);
  return known.length === 0 ? null : formats.credits(known.reduce((sum, credits) => sum + credits, 0));
}

function allowanceFigure(wheel: Wheel, format: StatusFormat, { formats }: Speech): string {
  switch (format) {
    case 'number':
      return formats.count(wheel.freeLeft);
    case 'percent':
      return formats.share(wheel.freeLeft, wheel.freeLimit);
    case 'usedOfLimit':
      return `${formats.count(wheel.freeUsed)}/${formats.count(wheel.freeLimit)}`;
  }
}
