// Remembers over all windows when each kind of notice was shown, and which the user does not want. Pure.
import * as v from 'valibot';
import type { NoticeKind } from './notices';

const recordSchema = v.object({
  shownAtMs: v.record(v.string(), v.number()),
  muted: v.array(v.string()),
});

export type NoticeRecord = v.InferOutput<typeof recordSchema>;

const dayMs = 24 * 60 * 60_000;
const nothing: NoticeRecord = { shownAtMs: {}, muted: [] };

/** What was kept; nothing where that cannot be read. */
export function readNoticeRecord(raw: unknown): NoticeRecord {
  const read = v.safeParse(recordSchema, raw);
  return read.success ? read.output : nothing;
}

/** Whether a notice of the kind may be shown now: not muted, and none was shown on this UTC day. */
export function mayShow({ shownAtMs, muted }: NoticeRecord, kind: NoticeKind, nowMs: number): boolean {
  if (muted.includes(kind)) return false;
  const lastMs = shownAtMs[kind];
  return lastMs === undefined || Math.floor(lastMs / dayMs) !== Math.floor(nowMs / dayMs);
}

export function withShown(record: NoticeRecord, kind: NoticeKind, nowMs: number): NoticeRecord {
  return { ...record, shownAtMs: { ...record.shownAtMs, [kind]: nowMs } };
}

export function withMuted(record: NoticeRecord, kind: NoticeKind): NoticeRecord {
  return { ...record, muted: [...new Set([...record.muted, kind])] };
}
