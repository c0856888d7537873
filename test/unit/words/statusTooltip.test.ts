import assert from 'node:assert/strict';
import { escaped, statusTooltip, tooltipCommands } from '../../../src/words/statusTooltip';
import { accountView, english, keyView, midnightMs, stateOf } from '../vscode/views';

/** The text as it is shown. */
function plain(markdown: string): string {
  return markdown
    .replace(/[\u2068\u2069]/g, '')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

describe('statusTooltip', () => {
  it('says what is left over all, at what pace it goes and when it resets', () => {
    const state = stateOf([accountView()], {
      forecast: { kind: 'until', perHour: 12, untilMs: english.nowMs + 3_600_000 },
    });
    assert.match(
      plain(statusTooltip(state, english)),
      /^784 of 1,000 free requests left today · runs out about 19:00 at this pace \(12\/h\) · resets 00:00\n/,
    );
  });

  it('has a line an account, with its state where it cannot go on', () => {
    const usedUp = accountView({ name: 'anna', state: 'usedUp', untilMs: midnightMs });
    const lines = plain(statusTooltip(stateOf([accountView(), usedUp]), english)).split('\n');
    assert.ok(
      lines.includes('$(pass) **Private** — 784 of 1,000 left · 3 of 20 used this minute  '),
      lines.join('\n'),
    );
    assert.ok(
      lines.includes('$(warning) **anna** — 784 of 1,000 left · Used up until 00:00'),
      lines.join('\n'),
    );
  });

  it('says what keeps paid requests back, as the item that it belongs to does', () => {
    const locks = [{ covers: 'paid', reason: 'noCredits', untilMs: midnightMs }] as const;
    const text = plain(statusTooltip(stateOf([accountView({ locks })]), english));
    assert.match(text, /784 of 1,000 left · Ready \(free only\)\. Paid: No credits, next try 00:00\n/);
  });

  it('tells of no free requests that are not in the sum', () => {
    const keys = [keyView({ paidUse: 'only' })];
    const lines = [
      accountView({ keys, creditsLeft: 4.5 }),
      accountView({ keys }),
      accountView({ keys: [keyView({ enabled: false })], state: 'off' }),
    ].map((account) => plain(statusTooltip(stateOf([account]), english)).split('\n'));
    assert.ok(
      lines[0]?.includes('$(pass) **Private** — $4.50 of credits left · Ready'),
      lines[0]?.join('\n'),
    );
    assert.ok(lines[1]?.includes('$(pass) **Private** — Ready'), lines[1]?.join('\n'));
    assert.ok(lines[2]?.includes('$(circle-slash) **Private** — Off'), lines[2]?.join('\n'));
  });

  it('names itself while there is no key', () => {
    assert.match(statusTooltip(stateOf([]), english), /^\*\*Keywheel\*\*: No key yet\n/);
  });

  it('gives the fault that all keys of an account share as its state', () => {
    const bad = accountView({ keys: [keyView({ health: 'bad' }), keyView({ health: 'bad' })] });
    assert.match(
      plain(statusTooltip(stateOf([bad]), english)),
      /\$\(error\) \*\*Private\*\* — .*Invalid key/,
    );
  });

  it('lets no label become Markdown, HTML, a link, a line or an icon', () => {
    const name = '[x](command:y) | **b** <img src=x> `c` $(key)\n\n# h &amp; https://a.b \\';
    const tooltip = statusTooltip(stateOf([accountView({ name })]), english);
    const [line] = tooltip.split('\n').filter((each) => each.includes('784 of 1,000 left ·'));
    const shown = /^\$\(pass\) \*\*(.*)\*\* — /.exec(line ?? '')?.[1] ?? '$';
    assert.doesNotMatch(shown, /[[\]()*<>`$\\:|]/);
  });

  it('keeps the direction of a name from the figures behind it', () => {
    const tooltip = statusTooltip(stateOf([accountView({ name: 'שלום\u202e' })]), english);
    assert.ok(tooltip.includes('**\u2068שלום\u202e\u2069** — 784 of'), tooltip);
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
    const busy = (model: string, untilMs: number) => ({ model, accountId: null, untilMs });
    const tooltip = statusTooltip(
      {
        ...rest,
        snapshot: {
          ...snapshot,
          wheel: { ...snapshot.wheel, waiting: 2 },
          busyModels: [
            busy('a/b', midnightMs),
            busy('a/b', english.nowMs + 1),
            // A model that an account's settings exclude is not busy.
            { ...busy('c/d', midnightMs), accountId: 'account-1', reason: 'policy' },
          ],
        },
      },
      english,
    );
    assert.match(tooltip, /2 requests waiting/);
    assert.match(tooltip, /Busy models&#58; a\/b until 00&#58;00/);
    assert.doesNotMatch(tooltip, /c\/d/);
    assert.equal(tooltip.match(/\*\*.Private.\*\*/g)?.length, 12);
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
