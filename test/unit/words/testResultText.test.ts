import assert from 'node:assert/strict';
import { testResultText } from '../../../src/words/testResultText';
import { english } from '../vscode/views';

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
      'It works. a/b answered in 1.2 s: “Hello” Key: Work. 2 attempts.',
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
      'OpenRouter cannot be reached (address not found, ENOTFOUND), so nothing was sent. ' +
        'Check your network, or run the doctor.',
    );
    for (const text of said) assert.match(text, /run the doctor/);
  });
});
