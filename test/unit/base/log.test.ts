import assert from 'node:assert/strict';
import { describeError, TextLog, type LogLevel } from '../../../src/base/log';

describe('TextLog', () => {
  it('writes what its level lets through, and no secret', () => {
    const lines: string[] = [];
    const log = new TextLog(
      (level, line) => lines.push(`${level} ${line}`),
      (level: LogLevel) => level !== 'debug',
    );
    log.debug('no');
    log.info('key sk-or-v1-0123456789abcdef');
    log.warn('Authorization: Bearer abcdefghijkl');
    assert.deepEqual(lines, ['info key [secret]', 'warn Authorization: Bearer [secret]']);
  });

  it('writes an error with its stack and its causes', () => {
    const lines: string[] = [];
    const log = new TextLog((_, line) => lines.push(line));
    log.error('It failed.', new Error('outer', { cause: new Error('inner sk-or-v1-0123456789abcdef') }));
    assert.match(
      lines[0] ?? '',
      /^It failed\.\n {2}Error: outer\n[^]*\n {2}Caused by: Error: inner \[secret\]/,
    );
    assert.equal(describeError('thrown text'), 'thrown text');
    log.error('Plain.');
    assert.equal(lines[1], 'Plain.');
  });

  it('escapes what would steer a terminal or turn the order of a text', () => {
    const lines: string[] = [];
    new TextLog((_, line) => lines.push(line)).info('a\x9b31m\x1b[2J\u202eb\n\tc\nd\n  e');
    // A line of a client's text does not begin like a line of the log.
    assert.deepEqual(lines, ['a\\u009b31m\\u001b[2J\\u202eb\n  \tc\n  d\n  e']);
  });
});
