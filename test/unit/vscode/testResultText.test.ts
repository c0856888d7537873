import assert from 'node:assert/strict';
import { testResultText } from '../../../src/vscode/clients/testResultText';
import { english } from './views';

const { t, formats } = english;

describe('testResultText', () => {
  it('says who answered, how fast and with which key', () => {
    const answered = {
      kind: 'answered',
      model: 'a/b',
      text: 'Hello',
      tookMs: 1_240,
      keyLabel: 'Work',
    } as const;
    assert.equal(
      testResultText({ ...answered, attempts: 2 }, t, formats),
      'It works. a/b answered in 1.2 s: “Hello” Key: Work. It took 2 attempts.',
    );
  });

  it('says why there was no answer, and what to do', () => {
    const said = [
      testResultText({ kind: 'unreachable', code: 'ENOTFOUND' }, t, formats),
      testResultText({ kind: 'failed', code: 'timeout' }, t, formats),
      testResultText({ kind: 'failed', code: 'ECONNREFUSED' }, t, formats),
    ];
    assert.equal(
      said[0],
      'OpenRouter cannot be reached (its address was not found, ENOTFOUND), so nothing was sent. ' +
        'Look at the network, or run the doctor.',
    );
    for (const text of said) assert.match(text, /run the doctor/);
  });
});
