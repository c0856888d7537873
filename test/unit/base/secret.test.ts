import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { keyIdOf, redact, Secret, shortHash } from '../../../src/base/secret';

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

describe('Names of secrets', () => {
  it('are short, stable and not the secret', () => {
    assert.match(keyIdOf(text), /^[0-9a-f]{12}$/);
    assert.equal(keyIdOf(text), keyIdOf(text));
    assert.notEqual(keyIdOf(text), keyIdOf(`${text}0`));
    assert.match(shortHash('user_1'), /^[0-9a-f]{12}$/);
  });

  it('are all that is left of secrets in redacted text', () => {
    const line = `a ${text} b kw-0123456789abcdefghij c Bearer ${'x'.repeat(20)} d bearer   tok-12345678`;
    assert.equal(redact(line), 'a [secret] b [secret] c Bearer [secret] d bearer   [secret]');
    assert.equal(redact('nothing to hide'), 'nothing to hide');
  });
});
