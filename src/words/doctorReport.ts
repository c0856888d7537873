// The doctor's page, and its text for a report; does not import vscode, so that it can be tested.
import { homedir } from 'node:os';
import { redact } from '../base/secret';
import { checks, type Checked } from '../doctor/finding';
import type { Speech } from './stateWords';
import type { Translate } from './translate';
import type { PageBlock, PageContent } from './pageHtml';
import { checkText, findingText, type Remedy, toneText } from './doctorText';

/** Problems with advice first, then a line for each check without problems. */
export function doctorPage(checked: readonly Checked[], speech: Speech): PageContent {
  const { t, formats, nowMs } = speech;
  const said = checked.flatMap(({ check, findings }) =>
    findings.map((finding) => ({ check, ...findingText(finding, speech) })),
  );
  const problems = said.filter(({ tone }) => tone === 'bad' || tone === 'warn').length;
  const open = checks
    .map((check) => ({ check, own: said.filter((each) => each.check === check && each.tone !== 'good') }))
    .filter(({ own }) => own.length > 0)
    .flatMap(({ check, own }): PageBlock[] => [
      { kind: 'heading', text: checkText(check, t) },
      ...own.map(({ tone, text, advice, remedy }): PageBlock => {
        const buttons = remedy === null ? [] : [{ label: remedyText(remedy, t), action: remedy }];
        return { kind: 'finding', tone, toneText: toneText(tone, t), text, advice, buttons };
      }),
    ]);
  const good = said.filter(({ tone }) => tone === 'good').map(({ text }) => text);
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
      ...(good.length === 0
        ? []
        : [{ kind: 'heading', text: t('No problems') } as const, { kind: 'ticks', texts: good } as const]),
    ],
  };
}

/** Plain text without the home folder, labels, and anything that looks like a secret. */
export function doctorReport(
  checked: readonly Checked[],
  facts: Readonly<Record<string, string>>,
  speech: Speech,
  home = homedir(),
): string {
  const { t } = speech;
  const head = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  const lines = checked.flatMap(({ check, findings }) =>
    findings.map((finding) => {
      const { tone, text } = findingText(withoutLabels(finding), speech);
      return `${checkText(check, t)} | ${toneText(tone, t)} ${text}`;
    }),
  );
  return redact(['Keywheel', ...head, '', ...lines, ''].join('\n')).replaceAll(home, '~');
}

/** Removes labels, because users choose them and they may name people. */
function withoutLabels(finding: Checked['findings'][number]): Checked['findings'][number] {
  if ('label' in finding) return { ...finding, label: '…' };
  return finding.code === 'served' && finding.hostedBy !== null ? { ...finding, hostedBy: '…' } : finding;
}

function remedyText(remedy: Remedy, t: Translate): string {
  switch (remedy) {
    case 'startProxy':
      return t('Start Proxy');
    case 'openPortSetting':
    case 'openProxySettings':
      return t('Open Settings');
    case 'addKey':
      return t('Add Key');
    case 'removeKey':
      return t('Remove Key');
    case 'connectClient':
      return t('Connect Client');
    case 'reloadWindow':
      return t('Reload Window');
    case 'showLog':
      return t('Show Log');
  }
}
