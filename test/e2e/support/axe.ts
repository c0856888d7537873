/** The faults that axe finds in a page. */
import { source as axe } from 'axe-core';
import type { Frame } from 'playwright-core';
import * as v from 'valibot';

/** All faults, with the first place of each. */
export async function axeFaults(frame: Frame): Promise<string[]> {
  await frame.evaluate(`if (typeof axe === 'undefined') { ${axe} }`);
  const found: unknown =
    await frame.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.length + ' × ' + nodes[0].html.slice(0, 160)))`);
  return v.parse(v.array(v.string()), found);
}
