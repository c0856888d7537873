// Text, tone and advice for each finding of the doctor, its page, and its text for a report; does not import vscode, so that
// it can be tested.
import { homedir } from 'node:os';
import { redact } from '../base/secret';
import type { ConnectionState } from '../clients/fileConnections';
import { checks, type Check, type Checked, type Code, type Finding } from '../doctor/finding';
import type { PortOwner } from '../doctor/system';
import type { Action } from '../service/messages';
import { stateLock } from '../service/accountFacts';
import type { LockReason, ProxyFailure } from '../service/snapshot';
import { actionText } from './actionText';
import { otherModelText, stateText } from './clientWords';
import { joined, tookText } from './formats';
import type { PageBlock, PageContent, Tone } from './pageHtml';
import { reachAdvice, unreachedText } from './reachReason';
import { reachText } from './reachText';
import {
  accountWords,
  proxyAdvice,
  proxyWords,
  vaultWords,
  waitingText,
  type TextContext,
} from './stateWords';
import { wordsFor, type Translate } from './translate';

interface FindingText {
  readonly tone: Tone;
  readonly text: string;
  /** Advice for the user, or null. */
  readonly advice: string | null;
  readonly remedy: Action | null;
}

function toned(tone: Tone) {
  return (text: string, advice: string | null = null, remedy: Action | null = null): FindingText => {
    return { tone, text, advice, remedy };
  };
}

const good = toned('good');
const note = toned('note');
const warn = toned('warn');
const bad = toned('bad');

const checkText = wordsFor<Check>({
  port: (t) => t('Port'),
  self: (t) => t('Connection to the proxy'),
  upstream: (t) => t('Connection to OpenRouter'),
  clock: (t) => t('Clock'),
  keys: (t) => t('Keys'),
  limits: (t) => t('Limits'),
  clients: (t) => t('Clients'),
  leftovers: (t) => t('Old files'),
});

const toneText = wordsFor<Tone>({
  good: (t) => t('OK:'),
  note: (t) => t('Note:'),
  warn: (t) => t('Warning:'),
  bad: (t) => t('Problem:'),
});

const failureRemedies: Readonly<Record<ProxyFailure, Action | null>> = {
  portInUse: 'openPortSetting',
  portSilent: null,
  otherMachine: null,
  otherProduct: 'openPortSetting',
  otherVersion: 'reloadWindow',
  portForbidden: 'openPortSetting',
  other: 'showLog',
};

const texts: { readonly [C in Code]: (finding: Finding<C>, textContext: TextContext) => FindingText } = {
  served: ({ port, hostedBy, owner }, { t }) => {
    const where =
      hostedBy === null
        ? t('This window serves port {0}.', String(port))
        : t('Port {0} is served by the window {1}.', String(port), hostedBy);
    return good(joined(' ', where, ownerText(owner, t)));
  },
  notRunning: ({ port, owner, isStarting }, { t }) => {
    const where =
      owner === null ? t('Port {0} is free.', String(port)) : t('Port {0} is in use.', String(port));
    const state = isStarting ? t('The proxy is starting.') : t('The proxy is stopped.');
    const text = joined(' ', state, where, ownerText(owner, t));
    return isStarting
      ? warn(text, t('Run the doctor again in a moment.'))
      : warn(text, t('Start it so that clients get answers.'), 'startProxy');
  },
  portFailed: ({ port, failure: code, detail, owner }, { t }) => {
    const proxy = { kind: 'failed', code, detail, port } as const;
    const { text, tone } = proxyWords(proxy, t);
    const toned = { good: note, off: note, warn, bad }[tone];
    return toned(joined(' ', `${text}.`, ownerText(owner, t)), proxyAdvice(proxy, t), failureRemedies[code]);
  },
  selfGood: ({ tookMs }, textContext) =>
    good(
      textContext.t('The proxy answered extensions of this window in {0}.', tookText(tookMs, textContext)),
    ),
  selfCaught: ({ got }, { t }) =>
    bad(
      t(
        'The proxy answers, but extensions of this window do not reach it ({0}): VS Code sends requests for 127.0.0.1 to a network proxy.',
        got,
      ),
      t('Add 127.0.0.1 and localhost to the setting http.noProxy, or set http.proxySupport to “off”.'),
      'openProxySettings',
    ),
  selfSilent: ({ got }, { t }) =>
    bad(
      t('The proxy does not answer on its own port ({0}).', reachText(got, t)),
      t(
        'Restart the proxy. A firewall or a security program may block connections of this machine to itself.',
      ),
      'showLog',
    ),
  strangerOnIpv6: ({ port }, { t }) =>
    warn(t('Another program has [::1]:{0}.', String(port)), t('Use 127.0.0.1, not localhost, in base URLs.')),
  upstreamGood: (finding, textContext) => good(upstreamText(finding, textContext)),
  upstreamSlow: (finding, textContext) =>
    warn(
      upstreamText(finding, textContext),
      textContext.t('That is slow. Check your network and status.openrouter.ai.'),
    ),
  upstreamStrange: ({ status }, { t }) =>
    warn(
      t('Something other than OpenRouter answered (status {0}).', status),
      t('Check the setting keywheel.upstreamUrl, and whether the network requires a sign-in.'),
    ),
  upstreamTroubled: ({ status }, { t }) =>
    warn(
      t('OpenRouter answers with an error (status {0}).', status),
      t('Nothing is to be done here: see status.openrouter.ai, and run the doctor again later.'),
    ),
  upstreamFailed: ({ got }, { t }) =>
    bad(t('OpenRouter cannot be reached ({0}).', reachText(got, t)), networkAdvice(got, t)),
  unreached: (finding, textContext) =>
    bad(unreachedText(finding, textContext), networkAdvice(finding.unreached.code, textContext.t)),
  wayDirect: (_, { t }) => good(t('Keywheel connects to OpenRouter directly.')),
  wayByProxy: ({ proxy }, { t }) =>
    good(
      t('Keywheel connects to OpenRouter through the network proxy {0}.', proxy),
      null,
      'openProxySettings',
    ),
  wayUnverified: (_, { t }) =>
    warn(
      t('Certificates that come through the network proxy are not verified: http.proxyStrictSSL is off.'),
      t(
        'Anyone on the way could read the keys. Turn it on, and install the network proxy’s certificate authority on this machine.',
      ),
      'openProxySettings',
    ),
  systemProxyUnused: ({ found: { kind, at } }, { t }) =>
    note(
      kind === 'pac'
        ? t(
            'The system has a script that chooses a network proxy{0}. Keywheel does not follow it.',
            at && ` (${at})`,
          )
        : t('The system’s settings name the network proxy {0}. Keywheel does not follow them.', at),
      t('If OpenRouter can only be reached through a network proxy, set it in http.proxy.'),
      'openProxySettings',
    ),
  clockGood: (_, { t }) => good(t('This machine’s clock agrees with OpenRouter’s.')),
  clockOff: ({ aheadMs }, { t, formats }) => {
    const seconds = formats.count(Math.round(Math.abs(aheadMs) / 1000));
    const text =
      aheadMs > 0
        ? t('This machine’s clock is {0} s ahead of OpenRouter’s.', seconds)
        : t('This machine’s clock is {0} s behind OpenRouter’s.', seconds);
    return warn(text, t('Correct this machine’s clock; resets depend on it.'));
  },
  clockUnknown: (_, { t }) => note(t('Clock not checked: no time came from OpenRouter.')),
  noKeys: (_, { t }) => bad(t('No key.'), t('Add a key to send requests.'), 'addKey'),
  keysNotLoaded: ({ vault }, { t }) => {
    const words = vaultWords(vault, t);
    return words?.tone === 'bad' ? bad(words.text) : warn(words?.text ?? t('The keys are not loaded yet.'));
  },
  keyGood: ({ label }, { t }) => good(t('OpenRouter accepts “{0}”.', label)),
  keyBad: ({ label }, { t }) =>
    bad(
      t('OpenRouter does not accept “{0}”.', label),
      t('It may have been deleted or disabled. Remove it, or make a new one.'),
      'removeKey',
    ),
  keysRefused: ({ refused }, { t, formats }) =>
    bad(
      t('OpenRouter refuses all {0} keys.', formats.count(refused)),
      t('The cause is probably at OpenRouter: run the doctor again later, before you remove any.'),
    ),
  keyManagement: ({ label }, { t }) =>
    bad(
      t('“{0}” is a management key.', label),
      t('It cannot run models. Remove it, and add an ordinary API key.'),
      'removeKey',
    ),
  keyOff: ({ label }, { t }) => note(t('“{0}” is turned off.', label)),
  keyUnreachable: ({ label, got }, { t }) =>
    warn(
      t('“{0}” could not be checked ({1}).', label, reachText(got, t)),
      t('Run the doctor again once OpenRouter answers.'),
    ),
  keysUnchecked: (_, { t }) => note(t('Keys not checked: OpenRouter did not answer.')),
  noLimits: (_, { t }) => good(t('No account is at a limit.')),
  requestsWait: ({ waiting, nextAtMs }, textContext) => {
    const { t, formats, nowMs } = textContext;
    const next =
      nextAtMs === null ? null : t('The next account is free at {0}.', formats.until(nextAtMs, nowMs));
    return warn(
      joined(' ', `${waitingText(waiting, textContext)}.`, next),
      t('They are sent automatically.'),
    );
  },
  accountHeld: ({ label, account }, textContext) => {
    const { t } = textContext;
    const reason = stateLock(account)?.reason;
    return (account.state === 'ready' ? note : warn)(
      t('“{0}”: {1}.', label, accountWords(account, textContext).text),
      (reason && lockAdvice[reason]?.(t)) ?? t('It ends by itself.'),
    );
  },
  noClients: (_, { t }) =>
    note(
      t('No client is connected through Keywheel.'),
      t('Clients that you set up yourself are not listed.'),
      'connectClient',
    ),
  client: ({ client, file, state }, { t }) => {
    const place = file === null ? '' : ` (${file})`;
    return { ...stateAdvice(state, t), text: t('{0}: {1}', client, stateText(state, t)) + place };
  },
  clientsUnchecked: (_, { t }) => note(t('Clients not checked: the proxy key is not loaded yet.')),
  clientRefused: ({ asked: { client, model, status, message } }, { t }) =>
    warn(
      t(
        '{0} got no answer to its last request, for {1} ({2}): {3}',
        client,
        model,
        status ?? '-',
        message ?? '-',
      ),
      t('The dashboard’s activity shows each attempt.'),
      'openDashboard',
    ),
  clientAsked: ({ asked }, { t }) => good(t('{0} used {1} in its last request.', asked.client, asked.model)),
  clientStray: ({ asked, chosen, needsReload }, { t }) => {
    const { text, advice } = otherModelText(asked, chosen, needsReload, t);
    return warn(text, advice, needsReload ? 'reloadWindow' : 'connectClient');
  },
  noLeftovers: (_, { t }) => good(t('No old backups found.')),
  leftover: ({ file }, { t }) =>
    note(t('Old backup: {0}.', file), t('Nothing needs it any more. You can delete it.')),
  backupLost: ({ file }, { t }) =>
    warn(
      t('The backup {0} is missing.', file),
      t('Disconnecting that client removes Keywheel’s values, but cannot restore those that they replaced.'),
    ),
  checkFailed: ({ got }, { t }) => warn(t('Check failed ({0}).', got), t('See the log.'), 'showLog'),
};

export function findingText<C extends Code>(finding: Finding<C>, textContext: TextContext): FindingText {
  return texts[finding.code](finding, textContext);
}

function upstreamText(
  { headMs, connectMs }: Finding<'upstreamGood' | 'upstreamSlow'>,
  textContext: TextContext,
): string {
  const [head, connected] = [tookText(headMs, textContext), tookText(connectMs, textContext)];
  return textContext.t('OpenRouter answered in {0} (connected in {1}).', head, connected);
}

const stateAdvice = wordsFor<ConnectionState, FindingText>({
  current: () => good(''),
  outranked: (t) => warn('', t('Remove that setting: Connect Client names it.'), 'connectClient'),
  outdated: (t) => bad('', connectAgain(t), 'connectClient'),
  missing: (t) => warn('', connectAgain(t), 'connectClient'),
  changed: (t) => warn('', connectAgain(t), 'connectClient'),
  damaged: (t) => bad('', t('Fix the file first: the client cannot read it either.')),
  unknown: (t) => warn('', t('See the log.')),
});

function connectAgain(t: Translate): string {
  return t('Connect it again, or disconnect it.');
}

function networkAdvice(code: string, t: Translate): string {
  return reachAdvice(code, t) ?? t('Check your network. If it requires a network proxy, set http.proxy.');
}

/** Advice for locks that do not end by time alone. */
const lockAdvice: Partial<Record<LockReason, (t: Translate) => string>> = {
  noCredits: creditsAdvice,
  belowZero: creditsAdvice,
  keyCap: (t) => t('Raise the limit at openrouter.ai/settings/keys, then run the doctor again.'),
  budget: (t) => t('Raise the budget at OpenRouter.'),
};

function creditsAdvice(t: Translate): string {
  return t('Add credits at openrouter.ai/settings/credits, then run the doctor again.');
}

function ownerText(owner: PortOwner | null, t: Translate): string | null {
  return owner === null ? null : t('Process {1} ({0}).', owner.program, String(owner.processId));
}

/** Problems with advice first, then a line for each check without problems. */
export function doctorPage(checked: readonly Checked[], textContext: TextContext): PageContent {
  const { t, formats, nowMs } = textContext;
  const said = checked.flatMap(({ check, findings }) =>
    findings.map((finding) => ({ check, ...findingText(finding, textContext) })),
  );
  const problems = said.filter(({ tone }) => tone === 'bad' || tone === 'warn').length;
  const open = checks
    .map((check) => ({ check, own: said.filter((each) => each.check === check && each.tone !== 'good') }))
    .filter(({ own }) => own.length > 0)
    .flatMap(({ check, own }): PageBlock[] => [
      { kind: 'heading', text: checkText(check, t) },
      ...own.map(({ tone, text, advice, remedy }): PageBlock => {
        const buttons = remedy === null ? [] : [{ label: actionText(remedy, t), action: remedy }];
        return { kind: 'finding', tone, toneText: toneText(tone, t), text, advice, buttons };
      }),
    ]);
  const ticks = said.filter(({ tone }) => tone === 'good').map(({ text }) => text);
  const found = problems === 1 ? t('1 problem found.') : t('{0} problems found.', formats.count(problems));
  const sum = problems === 0 ? t('Everything looks good.') : found;
  const when = t('Checked at {0}.', formats.clock(nowMs));
  return {
    title: t('Keywheel Doctor'),
    blocks: [
      { kind: 'paragraph', text: `${sum} ${when}` },
      {
        kind: 'buttons',
        buttons: [
          { label: t('Run Again'), action: 'again' },
          { label: t('Copy Report'), action: 'copy' },
        ],
      },
      ...open,
      ...(ticks.length === 0
        ? []
        : [{ kind: 'heading', text: t('No problems') } as const, { kind: 'ticks', texts: ticks } as const]),
    ],
  };
}

/** Plain text without the home folder, without labels, and without anything that looks like a secret. */
export function doctorReport(
  checked: readonly Checked[],
  facts: Readonly<Record<string, string>>,
  textContext: TextContext,
  home = homedir(),
): string {
  const { t } = textContext;
  const head = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  const lines = checked.flatMap(({ check, findings }) =>
    findings.map((finding) => {
      const { tone, text } = findingText(withoutLabels(finding), textContext);
      return `${checkText(check, t)} | ${toneText(tone, t)} ${text}`;
    }),
  );
  return redact(['Keywheel', ...head, '', ...lines, ''].join('\n')).replaceAll(home, '~');
}

/** Removes labels, because users choose them and they may name people. */
function withoutLabels(finding: Checked['findings'][number]): Checked['findings'][number] {
  if ('label' in finding) return { ...finding, label: '…' };
  // Keywheel's own messages may name accounts: a refusal is reported by its code.
  if (finding.code === 'clientRefused' && finding.asked.refusal !== null)
    return { ...finding, asked: { ...finding.asked, message: finding.asked.refusal } };
  return finding.code === 'served' && finding.hostedBy !== null ? { ...finding, hostedBy: '…' } : finding;
}
