// Reading headers as they came: a flat list of name, value, name, value.

/** All values of the header, in order; `name` in lower case. */
export function headerValues(headers: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) values.push(headers[index + 1] ?? '');
  }
  return values;
}

/** A page of another site can neither read nor embed an answer of our own. */
export const ownHeaders: readonly string[] = [
  'cross-origin-resource-policy',
  'same-origin',
  'x-frame-options',
  'DENY',
];
