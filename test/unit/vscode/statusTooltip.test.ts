import assert from 'node:assert/strict';
import { escaped, statusTooltip, tooltipCommands } from '../../../src/vscode/statusTooltip';
import { accountView, english, keyView, midnightMs, stateOf } from './views';

describe('statusTooltip', () => {
  it('has a row an account, with non-breaking figures', () => {
    const lines = statusTooltip(stateOf([accountView()]), english).split('\n');
    assert.ok(
      lines.includes('| Private | 784\u00a0/\u00a01,000 | 3\u00a0/\u00a020 | Ready | 00:00 |'),
      lines.join('\n'),
    );
  });

  it('gives the fault that all keys of an account share as its state', () => {
    const bad = accountView({ keys: [keyView({ health: 'bad' }), keyView({ health: 'bad' })] });
    assert.match(statusTooltip(stateOf([bad]), english), /Bad key/);
  });

  it('lets no label become Markdown, a table cell, HTML, a link or an icon', () => {
    const name = '[x](command:y) | **b** <img src=x> `c` $(key)\n\n# h &amp; https://a.b \\';
    const tooltip = statusTooltip(stateOf([accountView({ name })]), english);
    const row = tooltip.split('\n').find((line) => line.includes('784')) ?? '';
    assert.equal(row.match(/\|/g)?.length, 6, 'six bars make five cells');
    assert.doesNotMatch(row.split('|')[1] ?? '', /[[\]()*<>`$\\:]/);
  });

  it('escapes text in a way that shows the same signs', () => {
    assert.equal(escaped('a|b'), 'a&#124;b');
    assert.equal(escaped('plain text'), 'plain text');
  });

  it('links to no command but those that it is trusted for', () => {
    for (const proxy of [{ kind: 'stopped' as const }, undefined]) {
      const tooltip = statusTooltip(stateOf([accountView()], proxy ? { proxy } : {}), english);
      const linked = [...tooltip.matchAll(/\(command:([^)]+)\)/g)].map(([, command]) => command ?? '');
      assert.ok(linked.length > 0);
      for (const command of linked)
        assert.ok(
          tooltipCommands.some((trusted) => trusted === command),
          command,
        );
    }
  });

  it('tells what waits and which models are busy, and stays a glance', () => {
    const { snapshot, ...rest } = stateOf(
      Array.from({ length: 15 }, (_, index) => accountView({ accountId: `account-${index}` })),
    );
    const busy = (model: string, untilMs: number) => ({ model, accountId: null, sinceMs: 0, untilMs });
    const tooltip = statusTooltip(
      {
        ...rest,
        snapshot: {
          ...snapshot,
          wheel: { ...snapshot.wheel, waiting: 2 },
          busyModels: [busy('a/b', midnightMs), busy('a/b', english.nowMs + 1)],
        },
      },
      english,
    );
    assert.match(tooltip, /2 requests wait/);
    assert.match(tooltip, /Busy models&#58; a\/b until 00&#58;00/);
    assert.equal(tooltip.match(/\| Private \|/g)?.length, 12);
    assert.match(tooltip, /and 3 more/);
  });

  it('says what to do about a port that is taken', () => {
    const proxy = { kind: 'failed', code: 'portInUse', port: 9999, detail: 'EADDRINUSE' } as const;
    const tooltip = statusTooltip(stateOf([], { proxy }), english);
    assert.match(tooltip, /Port 9999 is used by another program/);
    assert.match(tooltip, /choose another port/);
  });

  it('stays the same text as long as what it shows does', () => {
    const first = statusTooltip(stateOf([accountView({ state: 'usedUp', untilMs: midnightMs })]), english);
    const later = statusTooltip(stateOf([accountView({ state: 'usedUp', untilMs: midnightMs })]), {
      ...english,
      nowMs: english.nowMs + 60_000,
    });
    assert.equal(first, later);
  });
});
