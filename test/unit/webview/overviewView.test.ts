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
    assert.equal(lasting.outlook, 'enough at this pace (12/h) · resets in 6 h 0 min');
    const untilMs = nowMs + 61 * 60_000;
    const ending = view([accountView()], { forecast: { kind: 'until', perHour: 770, untilMs } });
    assert.equal(ending.outlook, 'runs out about 19:00 at this pace (770/h) · resets in 6 h 0 min');
    const soon = view([accountView()], {
      forecast: { kind: 'until', perHour: 770, untilMs: nowMs + 60_000 },
    });
    assert.match(soon.outlook, /^runs out about 18:05 /, 'never in the past');
  });

  it('hides the figure while no account is known', () => {
    assert.equal(view([]).hasFigure, false);
    assert.equal(view([accountView()]).hasFigure, true);
  });

  it('says what caps leave where no free request is served, and nothing of a day', () => {
    const day = { ...accountView().day, used: 0, limit: 0, left: 0 };
    const { left, leftNote, leftShare, outlook } = view([accountView({ day, creditsLeft: 7.25 })]);
    assert.deepEqual([left, leftNote, leftShare, outlook], ['$7.25', 'of credits left', null, '']);
    const uncapped = view([accountView({ day, creditsLeft: null })]);
    assert.deepEqual([uncapped.left, uncapped.leftNote], ['', '']);
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
    assert.deepEqual([waiting(0), waiting(1), waiting(3)], ['', '1 request waiting', '3 requests waiting']);
  });

  it('says which window hosts', () => {
    assert.equal(view([]).proxy.text, 'Running on port 9999');
    const proxy = {
      kind: 'running',
      host: '127.0.0.1',
      port: 9999,
      baseUrl: 'http://127.0.0.1:9999/api/v1',
      hostedBy: 'shop',
    } as const;
    assert.equal(view([], { proxy }).proxy.text, 'Running on port 9999 · in window “shop”');
  });

  it('offers what helps a proxy that does not run, and its base URL only while it runs', () => {
    assert.deepEqual(view([]).remedies, []);
    assert.equal(view([]).baseUrl, 'http://127.0.0.1:9999/api/v1');
    const stopped = view([], { proxy: { kind: 'stopped' } });
    assert.deepEqual(stopped.remedies, ['startProxy']);
    assert.equal(stopped.baseUrl, '');
    const proxy = { kind: 'failed', code: 'portInUse', port: 9999, detail: '' } as const;
    assert.deepEqual(view([], { proxy }).remedies, ['startProxy', 'openSettings', 'showLog']);
    assert.deepEqual(view([], { proxy }).actions, ['runDoctor']);
    assert.deepEqual(view([]).actions, ['runDoctor', 'openSettings']);
    assert.deepEqual(view([accountView()]).actions, ['sendTestRequest', 'runDoctor', 'openSettings']);
  });

  it('tells that the keychain keeps nothing', () => {
    assert.equal(view([], { vault: 'refused' }).notice?.tone, 'bad');
    assert.equal(view([]).notice, null);
  });

  it('leads to the doctor where OpenRouter is what the notice is about, and not the keychain', () => {
    const state = stateOf([accountView()]);
    const unreached = { code: 'ECONNREFUSED', cause: 'network', sinceMs: nowMs, heldUntilMs: null } as const;
    const snapshot = { ...state.snapshot, unreached };
    const ok = overviewView({ ...state, snapshot }, english);
    assert.deepEqual([ok.isUnreached, ok.notice?.tone], [true, 'bad']);
    assert.match(ok.announcement, /OpenRouter cannot be reached$/);
    const slow = overviewView({ ...state, snapshot, vault: 'slow' }, english);
    assert.equal(slow.isUnreached, false);
    assert.match(slow.notice?.text ?? '', /keychain/);
    assert.match(slow.announcement, /keychain/);
  });

  it('announces states, not figures', () => {
    const before = view([accountView()]).announcement;
    const day = { ...accountView().day, left: 783, used: 217 };
    assert.equal(view([accountView({ day })]).announcement, before);
    const usedUp = accountView({ state: 'usedUp', untilMs: midnightMs });
    assert.match(view([usedUp]).announcement, /Private: Used up until 00:00/);
  });

  it('says what paid use cost today, and nothing where nothing was paid', () => {
    const paid = { promptTokens: 1_200_000, completionTokens: 34_000, cost: 0.42 };
    assert.equal(
      overviewView(stateOf([accountView()], { spent: paid }), english).spent,
      '$0.42 spent today · 1.2M tokens in, 34K out',
    );
    assert.equal(overviewView(stateOf([accountView()]), english).spent, '');
  });
});
