/** Every text for people is in l10n/bundle.l10n.json, from which translations are made, and nothing else is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { bundleFile, bundleText, textsForPeople } from './texts';

describe('texts for people', () => {
  it('are all in the bundle that "npm run docs" writes, and the bundle has no others', () => {
    assert.equal(readFileSync(bundleFile, 'utf8'), bundleText());
  });

  it('have placeholders that begin at {0} and leave none out', () => {
    for (const text of textsForPeople()) {
      const numbers = [
        ...new Set([...text.matchAll(/\{(\d+)\}/g)].map(([, number]) => Number(number))),
      ].sort();
      assert.deepEqual(
        numbers,
        numbers.map((_, index) => index),
        text,
      );
    }
  });
});
