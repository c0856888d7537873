/** Every text in a language that does not exist: longer, with accents, and with its placeholders the other way round. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { accountsView } from '../../../src/webview/accountsView';
import { overviewView } from '../../../src/webview/overviewView';
import { statusText } from '../../../src/words/statusText';
import { translator } from '../../../src/words/translate';
import { accountView, english, midnightMs, stateOf } from '../vscode/views';

const bundle = JSON.parse(readFileSync('l10n/bundle.l10n.json', 'utf8')) as Readonly<Record<string, string>>;
const placeholders = (text: string): readonly string[] => [...new Set(text.match(/\{\d+\}/g) ?? [])].sort();
const pseudo = Object.fromEntries(
  Object.keys(bundle).map((text) => {
    const letters = text.replace(/\{\d+\}/g, '').replace(/[aeiou]/g, (vowel) => `${vowel}\u0301`);
    return [text, `⟦${[...placeholders(text)].reverse().join(' ')} ${letters}⟧`];
  }),
);
const t = translator(pseudo);

describe('a language of which nobody has thought', () => {
  it('gets each value into its place, in every text', () => {
    for (const text of Object.keys(bundle)) {
      const values = placeholders(text).map((_, index) => `<${index}>`);
      const said = t(text, ...values);
      assert.doesNotMatch(said, /\{\d+\}/, text);
      for (const value of values) assert.ok(said.includes(value), `${value} of “${text}”`);
    }
  });

  it('leaves no English in status bar, header and accounts', () => {
    const textContext = { ...english, t };
    const usedUp = accountView({ accountId: 'b', name: 'b', state: 'usedUp', untilMs: midnightMs });
    const unreached = {
      cause: 'name',
      code: 'ENOTFOUND',
      sinceMs: english.nowMs,
      heldUntilMs: null,
    } as const;
    const calm = stateOf([accountView(), usedUp]);
    const gone = { ...calm, snapshot: { ...calm.snapshot, unreached } };
    const { leftNote, outlook, proxy } = overviewView(calm, textContext);
    const rows = accountsView(calm, textContext).groups.flatMap((group) => group.rows);
    const texts = [
      leftNote,
      outlook,
      proxy.text,
      ...rows.map(({ state }) => state.text),
      statusText(gone, 'number', textContext).text.replace('$(cloud-offline) ', ''),
      overviewView(gone, textContext).notice?.text ?? '',
    ];
    for (const text of texts) assert.match(text, /^⟦[^]*⟧$/);
  });
});
