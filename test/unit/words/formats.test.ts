import assert from 'node:assert/strict';
import { tookText } from '../../../src/words/formats';
import { Formats } from '../../../src/words/formats';
import { translator } from '../../../src/words/translate';

describe('Formats', () => {
  const formats = new Formats('en', 'UTC');

  it('never rounds a share to nothing or to all', () => {
    assert.equal(formats.share(1, 1000), '1%');
    assert.equal(formats.share(999, 1000), '99%');
    assert.equal(formats.share(0, 1000), '0%');
    assert.equal(formats.share(1000, 1000), '100%');
    assert.equal(formats.share(0, 0), '0%');
  });

  it('tells of no time below zero, though the clock was set back meanwhile', () => {
    assert.deepEqual([formats.inSeconds(1_200), formats.inSeconds(-3_600_000)], ['1.2', '0.0']);
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
  const speech = { t: translator({}), formats: new Formats('en', 'UTC') };

  it('has milliseconds below a second, and nothing below zero', () => {
    const texts = [-5, 0.4, 340, 999.6, 1234].map((ms) => tookText(ms, speech));
    assert.deepEqual(texts, ['0 ms', '0 ms', '340 ms', '1.0 s', '1.2 s']);
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
