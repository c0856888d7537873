/** Server-sent events as they go on the wire. */

export interface WireEvent {
  /** The `event:` line, where the form has one. */
  readonly name?: string;
  /** The `data:` line. */
  readonly data: string;
  /** `content` events are paced by the answer's delays; `end` is the form's end marker. */
  readonly role: 'frame' | 'content' | 'end';
}

export type LineEnd = '\n' | '\r\n';

export function wireBytes(event: WireEvent, lineEnd: LineEnd): Buffer {
  const name = event.name === undefined ? '' : `event: ${event.name}${lineEnd}`;
  return Buffer.from(`${name}data: ${event.data}${lineEnd}${lineEnd}`);
}
