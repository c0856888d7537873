/** Notices tell of turns for the worse, never of problems from before the start, and once a day over all windows. */
import assert from 'node:assert/strict';
import { isWanted, mayShow, Notices, NoticeTurn, readNoticeRecord } from '../../../src/service/notices';
import type { AccountView, KeyHealth, Snapshot } from '../../../src/service/snapshot';
import { ManualClock } from '../../support/manualClock';
import { accountView, keyView, midnightMs, nowMs, stateOf } from '../vscode/views';

const startedAtMs = nowMs - 60_000;
const hourMs = 60 * 60_000;

/** An account with `count` of 50 requests left; `isRead`: upstream has told it; `isUsed`: it was used since the start. */
function left(count: number, { isRead = true, isUsed = true } = {}): AccountView {
  const server = isRead ? { used: 50 - count, limit: 50, atMs: nowMs } : null;
  return accountView({
    keys: [keyView({ lastUsedAtMs: isUsed ? nowMs : startedAtMs - 1 })],
    day: { used: 50 - count, limit: 50, left: count, own: 0, server, resetAtMs: midnightMs },
  });
}

function seen(...accounts: AccountView[]): Snapshot {
  return stateOf(accounts).snapshot;
}

function keysOf(...healths: KeyHealth[]): Snapshot {
  const keys = healths.map((health, n) => keyView({ keyId: `key${n}`, label: `Key ${n}`, health }));
  return seen(accountView({ keys }));
}

describe('notices', () => {
  it('say that all is used when the last free request has gone, once', () => {
    const notices = new Notices(startedAtMs);
    assert.deepEqual(notices.see(seen(left(1))), []);
    assert.deepEqual(notices.see(seen(left(0))), [{ kind: 'allUsed', untilMs: midnightMs }]);
    assert.deepEqual(notices.see(seen(left(0))), []);
  });

  it('say it again only when something was left in between', () => {
    const notices = new Notices(startedAtMs);
    for (const count of [1, 0, 50]) notices.see(seen(left(count)));
    assert.equal(notices.see(seen(left(0))).length, 1);
  });

  it('say nothing of what was used up at the start, however the readings come in', () => {
    const notices = new Notices(startedAtMs);
    notices.see(seen());
    notices.see(seen(left(50, { isRead: false, isUsed: false }), left(50, { isRead: false, isUsed: false })));
    notices.see(seen(left(0, { isUsed: false }), left(50, { isRead: false, isUsed: false })));
    assert.deepEqual(notices.see(seen(left(0, { isUsed: false }), left(0, { isUsed: false }))), []);
  });

  it('say nothing of allowance that others have used while nobody asked here', () => {
    const notices = new Notices(startedAtMs);
    notices.see(seen(left(10, { isUsed: false })));
    assert.deepEqual(notices.see(seen(left(0, { isUsed: false }))), []);
  });

  it('say once that a tenth is left, and again only after there was plenty', () => {
    const notices = new Notices(startedAtMs);
    const low = [{ kind: 'low', left: 5, limit: 50 }];
    assert.deepEqual(notices.see(seen(left(6))), []);
    assert.deepEqual(notices.see(seen(left(5))), low);
    assert.deepEqual(notices.see(seen(left(4))), []);
    notices.see(seen(left(50)));
    assert.deepEqual(notices.see(seen(left(5))), low);
  });

  it('say nothing of little that was left at the start', () => {
    assert.deepEqual(new Notices(startedAtMs).see(seen(left(3))), []);
  });

  it('say that a key expires within three days, once', () => {
    const notices = new Notices(startedAtMs);
    const expiring = (inMs: number): Snapshot =>
      seen(accountView({ keys: [keyView({ label: 'Work', expiresAtMs: nowMs + inMs })] }));
    assert.deepEqual(notices.see(expiring(73 * hourMs)), []);
    assert.deepEqual(notices.see(expiring(71 * hourMs)), [
      { kind: 'keyExpires', label: 'Work', atMs: nowMs + 71 * hourMs, others: 0 },
    ]);
    assert.deepEqual(notices.see(expiring(70 * hourMs)), []);
  });

  it('name all keys that expire in one notice, as no second one is shown on that day', () => {
    const notices = new Notices(startedAtMs);
    const expiring = (atMs: number, ...inHours: readonly number[]): Snapshot => {
      const keys = inHours.map((hours, n) =>
        keyView({ keyId: `key${n}`, label: `Key ${n}`, expiresAtMs: nowMs + hours * hourMs }),
      );
      return { ...seen(accountView({ keys })), atMs };
    };
    const first = { kind: 'keyExpires', label: 'Key 1', atMs: nowMs + 60 * hourMs };
    assert.deepEqual(notices.see(expiring(nowMs, 70, 60, 73)), [{ ...first, others: 1 }]);
    assert.deepEqual(notices.see(expiring(nowMs + 2 * hourMs, 70, 60, 73)), []);
    assert.deepEqual(notices.see(expiring(midnightMs, 70, 60, 73)), [{ ...first, others: 2 }]);
    assert.deepEqual(notices.see(expiring(midnightMs + 24 * hourMs, 70, 60, 73)), []);
  });

  it('are shown as the setting says', () => {
    const shown = (notifications: 'all' | 'usedUp' | 'none'): readonly string[] =>
      (['allUsed', 'low', 'keyBad', 'keyExpires'] as const).filter((kind) => isWanted(kind, notifications));
    assert.deepEqual(shown('all'), ['allUsed', 'low', 'keyBad', 'keyExpires']);
    assert.deepEqual(shown('usedUp'), ['allUsed', 'keyBad']);
    assert.deepEqual(shown('none'), []);
  });

  it('say that a good key has turned bad, and how many others there are', () => {
    const notices = new Notices(startedAtMs);
    notices.see(keysOf('good', 'good', 'bad'));
    assert.deepEqual(notices.see(keysOf('bad', 'good', 'bad')), [
      { kind: 'keyBad', label: 'Key 0', others: 1 },
    ]);
    assert.deepEqual(notices.see(keysOf('bad', 'good', 'bad')), []);
  });

  it('say nothing of keys that were bad at the start or were never good', () => {
    const notices = new Notices(startedAtMs);
    notices.see(keysOf('unchecked', 'bad'));
    assert.deepEqual(notices.see(keysOf('bad', 'bad')), []);
    assert.deepEqual(notices.see(seen()), []);
  });
});

describe('the record of notices', () => {
  it('allows one of each kind on a UTC day', () => {
    const shown = { shownAtMs: { allUsed: nowMs }, muted: [] };
    assert.equal(mayShow(shown, 'allUsed', nowMs + 5 * hourMs), false);
    assert.equal(mayShow(shown, 'keyBad', nowMs), true);
    assert.equal(mayShow(shown, 'allUsed', midnightMs), true);
  });

  it('allows none of a kind that is not wanted', () => {
    const muted = { shownAtMs: {}, muted: ['allUsed'] };
    assert.equal(mayShow(muted, 'allUsed', midnightMs), false);
    assert.equal(mayShow(muted, 'keyBad', nowMs), true);
  });

  it('begins anew where it cannot be read', () => {
    for (const raw of [undefined, null, 7, { shownAtMs: [], muted: 'x' }])
      assert.equal(mayShow(readNoticeRecord(raw), 'allUsed', nowMs), true);
  });
});

describe('the turn of a notice', () => {
  const clock = new ManualClock();
  let shared: unknown;

  function window(isFocused: boolean, isHost: boolean): NoticeTurn {
    const record = {
      read: () => shared,
      write: (value: unknown) => {
        shared = value;
        return Promise.resolve();
      },
    };
    return new NoticeTurn({ clock, record, isFocused: () => isFocused, isHost: () => isHost });
  }

  async function shownBy(...windows: NoticeTurn[]): Promise<boolean[]> {
    const turns = Promise.all(windows.map(async (each) => await each.take('allUsed')));
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(2_000);
    return await turns;
  }

  beforeEach(() => (shared = undefined));

  it("is the focused window's, whichever hosts", async () => {
    const [host, focused, other] = [window(false, true), window(true, false), window(false, false)];
    assert.deepEqual(await shownBy(host, focused, other), [false, true, false]);
  });

  it("is the host's where no window is focused", async () => {
    assert.deepEqual(await shownBy(window(false, false), window(false, true)), [false, true]);
  });

  it('comes once a day', async () => {
    const host = window(false, true);
    assert.deepEqual(await shownBy(host), [true]);
    assert.deepEqual(await shownBy(host), [false]);
    clock.advance(24 * hourMs);
    assert.deepEqual(await shownBy(host), [true]);
  });

  it('never comes again once it is not wanted', async () => {
    const focused = window(true, true);
    await focused.mute('allUsed');
    assert.deepEqual(await shownBy(focused), [false]);
  });

  it('ends with its window, and leaves no timer', async () => {
    const host = window(false, true);
    const turn = host.take('allUsed');
    host.dispose();
    assert.equal(await turn, false);
    assert.equal(clock.pending, 0);
  });
});
