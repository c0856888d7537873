import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { keyIdOf, maskKey, redact, Secret, shortHash } from '../../../src/base/secret';
import { assertCheap } from '../../support/processorTime';

const text = 'sk-or-v1-0123456789abcdef0123456789abcdef';

describe('Secret', () => {
  it('prints as [secret] wherever text is made of it', () => {
    const secret = new Secret(text);
    const printed = [String(secret), JSON.stringify({ secret }), inspect({ secret }), secret.toString()];
    assert.doesNotMatch(printed.join(' '), /0123/);
    assert.equal(secret.reveal(), text);
  });

  it('compares with what is presented', () => {
    const secret = new Secret(text);
    assert.equal(secret.matches(text), true);
    assert.equal(secret.matches(`${text} `), false);
    assert.equal(secret.matches(''), false);
  });
});

describe('A secret in a text', () => {
  it('is found wherever it stands, a short one as a word alone', () => {
    assert.ok(new Secret(text).isIn(`key=${text};`));
    assert.ok(!new Secret(text).isIn(text.slice(1)));
    assert.ok(new Secret('a').isIn('Bearer a'));
    assert.ok(!new Secret('a').isIn('application/json'));
  });
});

describe('Names of secrets', () => {
  it('show the end of a key in ASCII, as the default label goes into a header', () => {
    assert.equal(maskKey(text), 'sk-or-v1-...cdef');
    assert.equal(maskKey('sk-or-v1-short'), '...');
  });

  it('are short, stable and not the secret', () => {
    assert.match(keyIdOf(text), /^[0-9a-f]{12}$/);
    assert.equal(keyIdOf(text), keyIdOf(text));
    assert.notEqual(keyIdOf(text), keyIdOf(`${text}0`));
    assert.match(shortHash('user_1'), /^[0-9a-f]{12}$/);
  });

  it('are all that is left of secrets in redacted text', () => {
    const line = `a ${text} b kw-0123456789abcdefghij c Bearer ${'x'.repeat(20)} d bearer   tok-12345678`;
    assert.equal(redact(line), 'a [secret] b [secret] c Bearer [secret] d bearer   [secret]');
    assert.equal(redact('via http://us:p%40ss@proxy:3128/ or //x'), 'via http://[secret]@proxy:3128/ or //x');
    assert.equal(redact('via http://us:p@ss@proxy:3128/'), 'via http://[secret]@proxy:3128/');
    assert.equal(redact('nothing to hide'), 'nothing to hide');
  });

  it('are looked for in a time that grows with the text alone', async () => {
    for (const text of [
      `bearer${' '.repeat(65_536)}`,
      'bearer '.repeat(10_000),
      'kw-'.repeat(20_000),
      '://a'.repeat(16_384),
    ]) {
      await assertCheap(() => redact(text), 1_000, text.slice(0, 20));
    }
  });
});
