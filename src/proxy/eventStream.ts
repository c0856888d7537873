// Reads server-sent events just far enough: what the first event is, what the last ones say. Bytes are never rewritten.

/** What the beginning of an event stream shows. */
export type StreamStart =
  /** Nothing but comments and empty lines so far. */
  | { readonly kind: 'open'; readonly sawComments: boolean }
  /** The first event, whole: its data (lines joined) and its name. */
  | {
      readonly kind: 'event';
      readonly name: string | null;
      readonly data: string;
      readonly sawComments: boolean;
    };

const lf = 0x0a;
const cr = 0x0d;
const colon = 0x3a;

/**
 * Finds the first event (WHATWG HTML 9.2.6) in a growing beginning of a stream. It remembers where it stopped, so that
 * comments that come for minutes are looked at once.
 */
export class StartScanner {
  private lineFrom = 0;
  private eventFrom = -1;
  private sawComments = false;

  /** `bytes`: all from the stream's beginning; each call may bring more. */
  scan(bytes: Buffer): StreamStart {
    for (;;) {
      const end = bytes.indexOf(lf, this.lineFrom);
      if (end < 0) return { kind: 'open', sawComments: this.sawComments };
      const lineEnd = end > this.lineFrom && bytes[end - 1] === cr ? end - 1 : end;
      const from = this.lineFrom;
      this.lineFrom = end + 1;
      if (lineEnd === from) {
        if (this.eventFrom < 0) continue;
        const event = parseEvent(bytes.toString('utf8', this.eventFrom, from));
        // Fields without data dispatch no event.
        if (event.data !== '') return { kind: 'event', ...event, sawComments: this.sawComments };
        this.eventFrom = -1;
      } else if (bytes[from] === colon) this.sawComments = true;
      else if (this.eventFrom < 0) this.eventFrom = from;
    }
  }
}

/** The fields of one event's text. */
function parseEvent(text: string): { readonly name: string | null; readonly data: string } {
  let name: string | null = null;
  const data: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    else if (line.startsWith('event:')) name = line.slice(6).trim();
  }
  return { name, data: data.join('\n') };
}
