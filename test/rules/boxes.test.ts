/**
 * Our lists and boxes stay open when they lose the focus. A page that had the focus before the palette may take it back just
 * when they open (microsoft/vscode#93950), and a user who gets a key in the browser finds the typed text again.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const opening = /\b(?:show|create)(?:QuickPick|InputBox)\b/g;
const staying = /\bignoreFocusOut(?:: true\b| = true;)/g;

describe('lists and boxes', () => {
  it('stay open when they lose the focus', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    let opened = 0;
    for (const file of files) {
      const text = readFileSync(path.join('src', file), 'utf8');
      const count = (wanted: RegExp): number => text.match(wanted)?.length ?? 0;
      assert.equal(count(staying), count(opening), `${file}: one ignoreFocusOut for each`);
      opened += count(opening);
    }
    assert.ok(opened > 0, 'None was found');
  });
});
