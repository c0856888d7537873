import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defaultSettings } from '../../../src/service/settings';
import { contributedSettings, settingRule } from '../../../src/words/settingRule';
import { translator } from '../../../src/words/translate';

describe('settingRule', () => {
  const properties = contributedSettings(JSON.parse(readFileSync('package.json', 'utf8')));
  const rule = (name: string): string => {
    const property = properties[`keywheel.${name}`];
    assert.ok(property, name);
    return settingRule(property, translator({}));
  };

  it('says what a setting may be', () => {
    assert.equal(rule('port'), 'a whole number from 1 to 65535');
    assert.equal(rule('maxWaitSeconds'), 'a number from 0 to 3600');
    assert.equal(rule('exhaustedStatus'), 'one of 429, 402');
    assert.match(rule('upstreamUrl'), /begins with https:/);
    assert.match(rule('timezone'), /time zone such as Europe\/Berlin/);
    assert.match(rule('fallbackModels'), /list of models/);
  });

  it('has words for every setting that the proxy obeys', () => {
    for (const name of Object.keys(defaultSettings)) {
      if (name !== 'host' && name !== 'networkRoute') assert.doesNotMatch(rule(name), /…|undefined/, name);
    }
  });
});
