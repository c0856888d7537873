/** Every setting with wrong values: named once, and the last good value stays. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { contributedSettings, settingRule } from '../../../src/words/settingRule';
import { defaultValues, readSettingValues, settingNames } from '../../../src/vscode/settingValues';
import { english } from './views';

const properties = contributedSettings(JSON.parse(readFileSync('package.json', 'utf8')));

const good: Readonly<Record<string, unknown>> = {
  autoStart: false,
  port: 4711,
  upstreamUrl: 'https://example.com/api/v1',
  timezone: 'Europe/Berlin',
  maxWaitSeconds: 0,
  maxWaiting: 0,
  maxUpstreamAttempts: 1,
  deadlineSeconds: 1.5,
  firstTokenTimeoutSeconds: 3600,
  idleTimeoutSeconds: 30,
  keepAliveAfterSeconds: 10,
  drainSeconds: 0,
  exhaustedStatus: 402,
  policyRefusals: 'giveBack',
  freeOnly: true,
  allowKeyChanges: true,
  fallbackModels: { 'a/*:free': ['b/c:free'] },
  notifications: 'usedUp',
  'statusBar.format': 'percent',
  'chat.models': ['openai/gpt-5'],
  'chat.tellAccountNames': true,
  'terminal.clients': ['openai', 'claudeCode'],
};

const wrong: Readonly<Record<string, readonly unknown[]>> = {
  autoStart: ['yes', 1, null],
  port: [0, -1, 65_536, 80.5, '9999', null],
  upstreamUrl: [
    'http://example.com/api/v1',
    'openrouter.ai',
    'https://a:b@example.com',
    'https://x.y?z=1',
    7,
    '',
  ],
  timezone: ['Berlin', 'Europe/Nowhere', 1],
  maxWaitSeconds: [-1, 3601, '90', null],
  maxWaiting: [-1, 10_001, 1.5, 'many'],
  maxUpstreamAttempts: [0, 100_001, 1.5, 'many'],
  deadlineSeconds: [0, 3601, '240'],
  firstTokenTimeoutSeconds: [0, 3601, true],
  idleTimeoutSeconds: [0, 3601, []],
  keepAliveAfterSeconds: [0, 3601, {}],
  drainSeconds: [-1, 3601, '30'],
  exhaustedStatus: [500, '429', null],
  policyRefusals: ['never', true, null],
  freeOnly: ['yes', 1, null],
  allowKeyChanges: ['yes', 1, null],
  fallbackModels: [[], 'a/b', null, { 'a/b': 'c/d' }, { 'a/b': [1] }, { 'a/b': ['c/d', ''] }],
  notifications: ['some', 1],
  'statusBar.format': ['words', 1, null],
  'chat.models': ['openai/gpt-5', [1], {}, null],
  'chat.tellAccountNames': ['yes', 1, null],
  'terminal.clients': ['openai', [1], ['emacs'], ['openai', 'emacs'], {}, null],
};

describe('the settings of a window', () => {
  it('are those that the manifest offers', () => {
    const offered = Object.keys(properties).map((name) => name.replace('keywheel.', ''));
    assert.deepEqual([...settingNames].sort(), offered.sort());
    assert.deepEqual(Object.keys(wrong).sort(), offered.sort());
    assert.deepEqual(Object.keys(good).sort(), offered.sort());
  });

  it('take right values', () => {
    const { values, problems } = readSettingValues(good, defaultValues);
    assert.deepEqual(problems, []);
    const { proxy, ...own } = values;
    assert.deepEqual({ ...defaultValues.proxy, ...good }, { ...proxy, ...own });
  });

  it('take pasted texts without the blanks around them', () => {
    const pasted = {
      upstreamUrl: ' https://example.com/api/v1/ ',
      timezone: ' Europe/Berlin\n',
      'chat.models': [' openai/gpt-5 '],
      fallbackModels: { ' a/b ': ['c/d:free '] },
    };
    const { values, problems } = readSettingValues(pasted, defaultValues);
    assert.deepEqual(problems, []);
    const { upstreamUrl, timezone, fallbackModels } = values.proxy;
    assert.deepEqual([upstreamUrl, timezone], ['https://example.com/api/v1', 'Europe/Berlin']);
    assert.deepEqual([values['chat.models'], fallbackModels], [['openai/gpt-5'], { 'a/b': ['c/d:free'] }]);
  });

  for (const name of settingNames) {
    it(`refuse wrong values of ${name}, keep its last good one, and can say what it may be`, () => {
      const { values: last } = readSettingValues(good, defaultValues);
      for (const value of wrong[name] ?? []) {
        const { values, problems } = readSettingValues({ ...good, [name]: value }, last);
        assert.deepEqual(
          problems.map(({ setting }) => setting),
          [name],
          JSON.stringify(value),
        );
        assert.deepEqual(values, last);
      }
      const property = properties[`keywheel.${name}`];
      assert.ok(property);
      assert.ok(settingRule(property, english.t).length > 8);
    });
  }

  it('are the defaults where nothing is set', () => {
    assert.deepEqual(readSettingValues({}, defaultValues), {
      values: defaultValues,
      problems: [],
    });
  });
});
