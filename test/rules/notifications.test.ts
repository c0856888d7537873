/**
 * VS Code makes a link that runs a command of `[text](command:…)` in a notification: each one goes through `showChoice` and
 * the like of one file, which break such links.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const opening = /\bwindow\.show(?:Information|Warning|Error)Message\b|\bProgressLocation\.Notification\b/;
const only = path.join('vscode', 'messages.ts');

describe('notifications', () => {
  it('are shown by one file alone', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      opening.test(file.endsWith('.ts') ? readFileSync(path.join('src', file), 'utf8') : ''),
    );
    assert.deepEqual(files, [only]);
  });
});
