/** Records of requests that arrived and of their answers, and sums over them. */
import { createHash } from 'node:crypto';

export interface ArrivedRequest {
  readonly method: string;
  /** As it came, with `/api/v1` and the query. */
  readonly path: string;
  /** Raw pairs in the order and case in which they came. */
  readonly headers: readonly (readonly [string, string])[];
  /** Counts connections from 1. */
  readonly connectionId: number;
}

/** Keeps the first bytes of a body, and length and digest of all of it. */
export class BodyRecord {
  length = 0;
  private readonly hash = createHash('sha256');
  private readonly kept: Buffer[] = [];
  private room: number;

  constructor(keepBytes: number) {
    this.room = keepBytes;
  }

  add(bytes: Buffer): void {
    this.length += bytes.length;
    this.hash.update(bytes);
    if (this.room <= 0) return;
    const part = bytes.subarray(0, this.room);
    this.kept.push(Buffer.from(part));
    this.room -= part.length;
  }

  /** Of what came so far, in hex. */
  get sha256(): string {
    return this.hash.copy().digest('hex');
  }

  /** The kept beginning: 1 MB unless the simulator's options say otherwise. */
  get bytes(): Buffer {
    return Buffer.concat(this.kept);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }
}

export class RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly connectionId: number;
  /** The request's body; `bodyText`, `bodySha256` and `bodyLength` read it. */
  readonly body: BodyRecord;
  /** The bytes of the answer's body as they were written, coded if it was coded. */
  readonly sent: BodyRecord;
  /** The raw key that came, also one that no account has. */
  key: string | undefined;
  accountName: string | undefined;
  model: string | undefined;
  /** Whether it counted as a request of a free model. */
  isFree = false;
  generationId: string | undefined;
  /** Undefined until a head was written. */
  status: number | undefined;
  /** The simulated limit that refused the request; undefined if a script did, or none. */
  limitAnswer: 'daily' | 'minute' | undefined;
  /** Events with data that were written. */
  eventsSent = 0;
  headAtMs: number | undefined;
  endedAtMs: number | undefined;
  /** When the client closed before the answer's end, in the simulator's clock. */
  abortedAtMs: number | undefined;
  /** The time of `abortedAtMs` by `performance.now()`, for clocks that stand still. */
  abortedAtMonotonicMs: number | undefined;
  /** Whether a script ended the connection. */
  cut = false;

  constructor(
    arrived: ArrivedRequest,
    /** When its head came, in the simulator's clock. */
    readonly atMs: number,
    /** When its head came, by `performance.now()`. */
    readonly atMonotonicMs: number,
    keepBytes: number,
  ) {
    this.method = arrived.method;
    this.path = arrived.path;
    this.headers = arrived.headers;
    this.connectionId = arrived.connectionId;
    this.body = new BodyRecord(keepBytes);
    this.sent = new BodyRecord(keepBytes);
  }

  get bodyText(): string {
    return this.body.text;
  }

  get bodySha256(): string {
    return this.body.sha256;
  }

  get bodyLength(): number {
    return this.body.length;
  }

  /** The value of a header, in any case of its name; repeated ones joined by a comma. */
  header(name: string): string | undefined {
    const values = this.headers
      .filter(([own]) => own.toLowerCase() === name.toLowerCase())
      .map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(', ');
  }
}

interface Sum {
  readonly requests: number;
  readonly free: number;
  readonly limitAnswers: number;
  readonly aborted: number;
  readonly byStatus: ReadonlyMap<number, number>;
}

export interface Sums {
  readonly perKey: ReadonlyMap<string, Sum>;
  readonly perAccount: ReadonlyMap<string, Sum>;
  readonly perModel: ReadonlyMap<string, Sum>;
}

export function sumsOf(records: readonly RequestRecord[]): Sums {
  return {
    perKey: grouped(records, (record) => record.key),
    perAccount: grouped(records, (record) => record.accountName),
    perModel: grouped(records, (record) => record.model),
  };
}

function grouped(
  records: readonly RequestRecord[],
  groupOf: (record: RequestRecord) => string | undefined,
): ReadonlyMap<string, Sum> {
  const groups = new Map<string, RequestRecord[]>();
  for (const record of records) {
    const name = groupOf(record);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [record]);
    else group.push(record);
  }
  return new Map([...groups].map(([name, group]) => [name, sumOf(group)]));
}

function sumOf(records: readonly RequestRecord[]): Sum {
  const byStatus = new Map<number, number>();
  for (const { status } of records) {
    if (status !== undefined) byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }
  return {
    requests: records.length,
    free: records.filter((record) => record.isFree).length,
    limitAnswers: records.filter((record) => record.limitAnswer !== undefined).length,
    aborted: records.filter((record) => record.abortedAtMs !== undefined).length,
    byStatus,
  };
}
