/** Reads a multipart body while it arrives, keeping of files only size and digest. */
import { createHash } from 'node:crypto';

export interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly length: number;
  readonly sha256: string;
  /** The whole text of a part without a file name, up to 64 KiB. */
  readonly text: string;
}

const KEPT_TEXT_BYTES = 65_536;
const headEnd = Buffer.from('\r\n\r\n');

interface OpenPart {
  readonly head: string;
  readonly hash: ReturnType<typeof createHash>;
  length: number;
  text: Buffer;
}

export class MultipartReader {
  readonly parts: Part[] = [];
  /** Begins with the line end that precedes every boundary but the first. */
  private rest: Buffer = Buffer.from('\r\n');
  private readonly boundary: Buffer;
  private place: 'between' | 'head' | 'after' = 'between';
  private open: OpenPart | undefined;

  constructor(boundary: string) {
    this.boundary = Buffer.from(`\r\n--${boundary}`);
  }

  /** The reader for this content type, or undefined when it is not multipart. */
  static for(contentType: string | undefined): MultipartReader | undefined {
    const match = /^multipart\/[^;]+;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '');
    const boundary = match?.[1] ?? match?.[2];
    return boundary === undefined ? undefined : new MultipartReader(boundary);
  }

  add(bytes: Buffer): void {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    while (this.step());
  }

  /** Takes what it can from the front; false when it needs more bytes. */
  private step(): boolean {
    switch (this.place) {
      case 'after':
        this.rest = Buffer.alloc(0);
        return false;
      case 'head':
        return this.readHead();
      case 'between':
        return this.readContent();
    }
  }

  private readHead(): boolean {
    if (this.rest.length < 2) return false;
    if (this.rest.subarray(0, 2).toString() === '--') {
      this.place = 'after';
      return true;
    }
    const end = this.rest.indexOf(headEnd);
    if (end < 0) return false;
    const head = this.rest.subarray(0, end).toString('utf8');
    this.open = { head, hash: createHash('sha256'), length: 0, text: Buffer.alloc(0) };
    this.rest = this.rest.subarray(end + headEnd.length);
    this.place = 'between';
    return true;
  }

  private readContent(): boolean {
    const end = this.rest.indexOf(this.boundary);
    // The beginning of a boundary may stand at the end of what has come so far.
    const safeEnd = end < 0 ? Math.max(0, this.rest.length - this.boundary.length) : end;
    this.addContent(this.rest.subarray(0, safeEnd));
    if (end < 0) {
      this.rest = this.rest.subarray(safeEnd);
      return false;
    }
    this.rest = this.rest.subarray(end + this.boundary.length);
    this.closePart();
    this.place = 'head';
    return true;
  }

  private addContent(bytes: Buffer): void {
    const { open } = this;
    if (open === undefined || bytes.length === 0) return;
    open.hash.update(bytes);
    open.length += bytes.length;
    if (open.text.length < KEPT_TEXT_BYTES && fileName(open.head) === undefined) {
      open.text = Buffer.concat([open.text, bytes]);
    }
  }

  private closePart(): void {
    const { open } = this;
    if (open === undefined) return;
    this.open = undefined;
    this.parts.push({
      name: /\bname="([^"]*)"/i.exec(open.head)?.[1] ?? '',
      filename: fileName(open.head),
      length: open.length,
      sha256: open.hash.digest('hex'),
      text: open.text.toString('utf8'),
    });
  }
}

function fileName(head: string): string | undefined {
  return /\bfilename="([^"]*)"/i.exec(head)?.[1];
}
