/** The content of a served answer, and its duration. */

export interface AnswerOptions {
  /** Content events of a stream, beside the form's opening and closing ones; default: the words of the text. */
  readonly events?: number;
  /** UTF-8 bytes of text in each content event; default: one word. */
  readonly bytesPerEvent?: number;
  /** The whole text; default a sentence that says where it comes from. Words are sent as content events. */
  readonly text?: string;
  /** No content at all: a 200 that is empty and has counted. */
  readonly empty?: boolean;
  /** From the request's arrival to the head; default 0. */
  readonly headDelayMs?: number;
  /** Between two content events; default 0. */
  readonly eventDelayMs?: number;
  /**
   * From the head to the last content event, evenly spread, in place of `eventDelayMs`. An answer that is not
   * streamed has its head this much later.
   */
  readonly durationMs?: number;
  /** From the end marker to the end of the body; default 0. */
  readonly endDelayMs?: number;
  /** `stop` by default; also `length`, `content_filter`, `tool_calls`. */
  readonly finishReason?: string;
  /** The `model` field of the answer; default the requested model, a router's or preset's choice. */
  readonly model?: string;
  readonly provider?: string;
  /** Whether the last data event carries `usage`; default true. */
  readonly usage?: boolean;
  /** Size of a download (`/audio/speech`, `/files/{id}/content`, `/videos/{id}/content`); default 64 KiB. */
  readonly downloadBytes?: number;
  /** Joined into the head, replacing what it would have. */
  readonly headers?: Readonly<Record<string, string>>;
}
