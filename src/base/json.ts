// Text that may be JSON.

/** The value, or undefined where the text is no JSON. A byte order mark is no part of it (RFC 8259 8.1). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    // Not JSON is an answer here.
    return undefined;
  }
}
