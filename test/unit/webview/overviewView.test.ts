import assert from 'node:assert/strict';
import { overviewView, type OverviewView } from '../../../src/webview/overviewView';
import { accountView, english, midnightMs, nowMs, stateOf } from '../vscode/views';

function view(...args: Parameters<typeof stateOf>): OverviewView {
  return overviewView(stateOf(...args), english);
}

describe('overviewView', () => {
  it('says what is left, and how long that lasts at the pace of the last hour', () => {
    const lasting = view([accountView()], { forecast: { kind: 'lasts', perHour: 12 } });
    assert.equal(lasting.left, '784');
    assert.equal(lasting.leftNote, 'of 1,000 free requests left today');
    assert.equal(lasting.outlook, 'at this pace (12 an hour) enough until then; resets in 6 h 0 min');
    const untilMs = nowMs + 61 * 60_000;
    const ending = view([accountView()], { forecast: { kind: 'until', perHour: 770, untilMs } });
    assert.equal(ending.outlook, 'at this pace (770 an hour) until about 19:00; resets in 6 h 0 min');
  });

  it('names no figure while no account is known', () => {
    const { left, leftNote, leftShare } = view([]);
    assert.deepEqual([left, leftNote, leftShare], ['–', 'free requests left today', 0]);
  });

  it('says only when it resets while there is no pace', () => {
    assert.equal(view([accountView()]).outlook, 'resets in 6 h 0 min');
    assert.equal(view([]).outlook, '');
  });

  it('says how many wait', () => {
    const state = stateOf([accountView()]);
    const waiting = (count: number): string => {
      const wheel = { ...state.snapshot.wheel, waiting: count };
      return overviewView({ ...state, snapshot: { ...state.snapshot, wheel } }, english).waiting;
    };
    assert.deepEqual([waiting(0), waiting(1), waiting(3)], ['', '1 request waits', '3 requests wait']);
  });

  it('says which window hosts', () => {
    assert.equal(view([]).advice, 'This window hosts it');
    const proxy = {
      kind: 'running',
      host: '127.0.0.1',
      port: 9999,
      baseUrl: 'http://127.0.0.1:9999/api/v1',
      hostedBy: 'shop',
    } as const;
    assert.equal(view([], { proxy }).advice, '');
    assert.match(view([], { proxy }).proxy.text, /shop/);
  });

  it('offers what helps a proxy that does not run, and its base URL only while it runs', () => {
    assert.deepEqual(view([]).remedies, []);
    assert.equal(view([]).baseUrl, 'http://127.0.0.1:9999/api/v1');
    const stopped = view([], { proxy: { kind: 'stopped' } });
    assert.deepEqual(stopped.remedies, ['startProxy']);
    assert.equal(stopped.baseUrl, '');
    const proxy = { kind: 'failed', code: 'portInUse', port: 9999, detail: '' } as const;
    assert.deepEqual(view([], { proxy }).remedies, ['startProxy', 'openSettings', 'showLog']);
  });

  it('tells that the keychain keeps nothing', () => {
    assert.equal(view([], { vault: 'refused' }).notice?.tone, 'bad');
    assert.equal(view([]).notice, null);
  });

  it('announces states, not figures', () => {
    const before = view([accountView()]).announcement;
    const day = { ...accountView().day, left: 783, used: 217 };
    assert.equal(view([accountView({ day })]).announcement, before);
    const usedUp = accountView({ state: 'usedUp', untilMs: midnightMs });
    assert.match(view([usedUp]).announcement, /Private: Used up until 00:00/);
  });
});
