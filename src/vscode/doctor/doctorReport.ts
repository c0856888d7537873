// The doctor's page, and the same as text to paste into a report; no vscode, so that it can be tested.
import { homedir } from 'node:os';
import { redact } from '../../base/secret';
import { toneOf, type Checked } from '../../service/doctor/finding';
import type { Formats } from '../../webview/formats';
import type { Translate } from '../../webview/translate';
import type { PageBlock, PageButton, PageContent } from '../page/pageHtml';
import { checkText, findingText, toneText } from './doctorText';
import type { Remedy } from './findingWords';

export interface ReportSpeech {
  readonly t: Translate;
  readonly formats: Formats;
}

/** Without a finding a check is left out. */
export function doctorPage(checked: readonly Checked[], { t, formats }: ReportSpeech): PageContent {
  const faults = checked
    .flatMap(({ findings }) => findings)
    .filter((finding) => toneOf(finding) === 'bad').length;
  const blocks = checked
    .filter(({ findings }) => findings.length > 0)
    .flatMap(({ check, findings }): PageBlock[] => [
      { kind: 'heading', text: checkText(check, t) },
      ...findings.map((finding): PageBlock => {
        const { text, advice, remedy } = findingText(finding, t, formats);
        const tone = toneOf(finding);
        const buttons = remedy === null ? [] : [remedyButton(remedy, t)];
        return { kind: 'finding', tone, toneText: toneText(tone, t), text, advice, buttons };
      }),
    ]);
  return {
    title: t('Doctor'),
    blocks: [
      {
        kind: 'paragraph',
        text: faults === 0 ? t('No fault was found.') : t('Faults found: {0}.', formats.count(faults)),
      },
      {
        kind: 'buttons',
        buttons: [
          { label: t('Run Again'), action: 'again' },
          { label: t('Copy Report'), action: 'copy' },
        ],
      },
      ...blocks,
    ],
  };
}

/** Plain lines, with the home folder, labels and all that looks like a secret taken out. */
export function doctorReport(
  checked: readonly Checked[],
  facts: Readonly<Record<string, string>>,
  { t, formats }: ReportSpeech,
  home = homedir(),
): string {
  const head = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  const lines = checked.flatMap(({ check, findings }) =>
    findings.map((finding) => {
      const { text } = findingText(withoutLabels(finding), t, formats);
      return `${checkText(check, t)} | ${toneText(toneOf(finding), t)} ${text}`;
    }),
  );
  return redact(['Keywheel', ...head, '', ...lines, ''].join('\n')).replaceAll(home, '~');
}

/** Labels of keys are the user's own words, and may name people. */
function withoutLabels(finding: Checked['findings'][number]): Checked['findings'][number] {
  if ('label' in finding) return { ...finding, label: '…' };
  return finding.code === 'served' && finding.hostedBy !== null ? { ...finding, hostedBy: '…' } : finding;
}

function remedyButton(remedy: Remedy, t: Translate): PageButton {
  return { label: remedyText(remedy, t), action: remedy };
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
    case 'showLog':
      return t('Show Log');
  }
}
