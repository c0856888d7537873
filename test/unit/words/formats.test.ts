import assert from 'node:assert/strict';
import {
  durationText,
  Formats,
  nextTickMs,
  nextTickUpMs,
  passedText,
  roughDurationText,
  tookText,
} from '../../../src/words/formats';
import { translator } from '../../../src/words/translate';
import { english } from '../vscode/views';

describe('Formats', () => {
  const formats = new Formats('en', 'UTC');

  it('never rounds a share to nothing or to all', () => {
    assert.equal(formats.share(1, 1000), '1%');
    assert.equal(formats.share(999, 1000), '99%');
    assert.equal(formats.share(0, 1000), '0%');
    assert.equal(formats.share(1000, 1000), '100%');
    assert.equal(formats.share(0, 0), '0%');
  });

  it('shortens large numbers to three figures at most', () => {
    assert.deepEqual(
      [34, 65_536, 131_072, 657_900, 7_307_100].map((value) => formats.compact(value)),
      ['34', '65.5K', '131K', '658K', '7.3M'],
    );
  });

  it('tells of no time below zero, though the clock was set back meanwhile', () => {
    assert.deepEqual([formats.inSeconds(1_200), formats.inSeconds(-3_600_000)], ['1.2', '0.0']);
  });

  it('writes numbers, dates and times in its language, whatever that of the process is', () => {
    const [atMs, nowMs] = [Date.UTC(2026, 2, 30, 5, 30), Date.UTC(2026, 2, 28)];
    const written = (locale: string): string[] => {
      const language = new Formats(locale, 'UTC');
      return [language.count(1834), language.until(atMs, nowMs), language.day(atMs)];
    };
    assert.deepEqual(written('en'), ['1,834', 'Mar 30, 05:30', 'Mar 30']);
    assert.deepEqual(written('de'), ['1.834', '30. März, 05:30', '30. März']);
    assert.deepEqual(written('fr'), ['1\u202f834', '30 mars, 05:30', '30 mars']);
  });

  it('writes the same digits and years in every language, as its sentences have such digits too', () => {
    const [atMs, nowMs] = [Date.UTC(2027, 2, 30, 5, 30), Date.UTC(2026, 2, 28)];
    for (const locale of ['ar-EG', 'fa', 'bn', 'th']) {
      const language = new Formats(locale, 'UTC');
      assert.equal(language.count(834), '834', locale);
      assert.equal(language.clock(atMs), '05:30', locale);
      assert.match(language.until(atMs, nowMs), /\b30\b.*\b2027\b.*\b05:30\b/, locale);
    }
  });

  it('tells a debt below a cent with its figures', () => {
    assert.deepEqual(
      [formats.credits(-0.0042), formats.credits(0.0042), formats.credits(0)],
      ['-$0.0042', '$0.0042', '$0.00'],
    );
  });

  it('takes what sums of fractions leave for nothing, and nothing for no debt', () => {
    const credits = [0.3 - 0.1 - 0.2, -1e-15, -0, 5 * 0.00137, 0.0000001].map((value) =>
      formats.credits(value),
    );
    assert.deepEqual(credits, ['$0.00', '$0.00', '$0.00', '$0.0069', '$0.0000001']);
    const sum = [1, 2, 3, 4, 5].reduce((all) => all + 0.00137, 0);
    assert.equal(formats.credits(sum), formats.credits(5 * 0.00137), 'in whatever order it was added up');
  });

  it('tells the year of an instant that is not in the next months', () => {
    const nowMs = Date.UTC(2026, 10, 22);
    const until = [60, 200, 800].map((days) => formats.until(nowMs + days * 86_400_000, nowMs));
    assert.deepEqual(until, ['Jan 21, 00:00', 'Jun 10, 2027, 00:00', 'Jan 30, 2029, 00:00']);
  });

  it('writes midnight as 00:00, not 24:00', () => {
    assert.equal(formats.until(Date.UTC(2026, 10, 23), Date.UTC(2026, 10, 22, 12)), '00:00');
  });

  it('tells an instant by the nearest minute: clocks differ by parts of a second', () => {
    for (const byMs of [-400, 0, 400])
      assert.equal(formats.until(Date.UTC(2026, 10, 23) + byMs, Date.UTC(2026, 10, 22, 12)), '00:00');
  });
});

describe('tookText', () => {
  it('has milliseconds below a second, and nothing below zero', () => {
    const texts = [-5, 0.4, 340, 999.6, 1234].map((ms) => tookText(ms, english));
    assert.deepEqual(texts, ['0 ms', '0 ms', '340 ms', '1.0 s', '1.2 s']);
  });
});

describe('durations', () => {
  it('are told to the minute, and to the second when little is left', () => {
    const text = (ms: number): string => durationText(ms, english.t);
    assert.equal(text(26_400_000), '7 h 20 min');
    assert.equal(text(12 * 60_000 + 1_000), '13 min');
    assert.equal(text(59 * 60_000 + 1_000), '1 h 0 min');
    assert.equal(text(300_001), '6 min');
    assert.equal(text(245_000), '4 min 05 s');
    assert.equal(text(400), '1 s');
    assert.equal(text(-5), '0 s');
  });

  it('round down what has passed', () => {
    const text = (ms: number): string => passedText(ms, english.t);
    assert.deepEqual([-5, 999, 61_500, 12 * 60_000 + 59_000].map(text), [
      '0 s',
      '0 s',
      '1 min 01 s',
      '12 min',
    ]);
  });

  it('are told to the minute where they do not tick', () => {
    assert.equal(roughDurationText(245_000, english.t), '5 min');
    assert.equal(roughDurationText(1000, english.t), '1 min');
    assert.equal(roughDurationText(3_600_000, english.t), '1 h 0 min');
  });

  it('say when their text changes next', () => {
    assert.equal(nextTickMs(10_500, 0), 501);
    assert.equal(nextTickMs(400_000, 0), 40_001);
    assert.equal(nextTickMs(0, 1), Number.POSITIVE_INFINITY);
  });

  it('changes the text of what goes on with each second, then with each minute', () => {
    assert.equal(nextTickUpMs(0, 1_400), 601);
    assert.equal(nextTickUpMs(0, 6 * 60_000 + 15_000), 45_001);
    assert.equal(nextTickUpMs(10_000, 0), 1_001);
  });
});

describe('translator', () => {
  it('replaces placeholders in the language of the table, and keeps English where it has none', () => {
    const t = translator({ '{0} of {1}': '{0} von {1}', 'swap {0} {1}': '{1} {0}' });
    assert.equal(t('{0} of {1}', 3, '20'), '3 von 20');
    assert.equal(t('swap {0} {1}', 'a', 'b'), 'b a');
    assert.equal(t('{0} a day', '50'), '50 a day');
    assert.equal(t('no {0} given'), 'no {0} given');
  });

  it('takes a value that looks like a placeholder for what it is', () => {
    assert.equal(translator({})('{0} and {1}', '{1}', '$&'), '{1} and $&');
  });
});
