/** A crowded dashboard: 50 keys in 30 accounts, 500 exchanges, a full day of figures; the same each time. */
import type { DashboardState, ModelView } from '../../../src/service/messages';
import type {
  AccountView,
  AttemptView,
  ExchangeEnd,
  ExchangeView,
  KeyView,
  LockView,
  RunningView,
  SeriesView,
  Stage,
} from '../../../src/service/snapshot';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const people = [
  'anna',
  'ben',
  'cleo',
  'dario',
  'elif',
  'farid',
  'greta',
  'hugo',
  'ines',
  'jonas',
  'kira',
  'luca',
  'mina',
  'noor',
  'olga',
  'pavel',
  'quinn',
  'rosa',
  'sami',
  'tara',
  'umar',
  'vera',
  'wanda',
  'xenia',
  'yara',
  'zeno',
  'team-build',
  'team-research',
  'conference',
  'spare',
];

const models = [
  'deepseek/deepseek-chat-v3.1:free',
  'qwen/qwen3-coder:free',
  'z-ai/glm-4.5-air:free',
  'moonshotai/kimi-k2:free',
  'anthropic/claude-sonnet-4.5',
  'openai/gpt-5-mini',
];

const clients = ['Cline', 'Continue', 'Roo Code', 'Claude Code', 'opencode', 'curl'];

/** Numbers that look random and are the same each time. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** `change`: how often figures have changed since, of one account each time, and of the sums. */
export function crowdedState(nowMs: number, change = 0): DashboardState {
  const random = sequence(7);
  const midnightMs = Math.ceil(nowMs / (24 * hourMs)) * 24 * hourMs;
  const accounts = people
    .map((name, index) => accountOf(name, index, { nowMs, midnightMs, random }))
    .map((account, index) => changedAccount(account, Math.floor((change + index) / people.length)));
  const sum = (of: (account: AccountView) => number): number =>
    accounts.reduce((all, one) => all + of(one), 0);
  return {
    snapshot: {
      atMs: nowMs + change * 10,
      proxy: { kind: 'running', host: '127.0.0.1', port: 9999, baseUrl: 'http://127.0.0.1:9999/api/v1' },
      timezone: '',
      wheel: {
        keys: sum(({ keys }) => keys.length),
        accounts: accounts.length,
        freeLeft: sum(({ day }) => day.left),
        freeUsed: sum(({ day }) => day.used),
        freeLimit: sum(({ day }) => day.limit),
        resetAtMs: midnightMs,
        waiting: 3 + (change % 4),
        inFlight: 5,
      },
      accounts,
      busyModels: [
        { model: 'moonshotai/kimi-k2:free', accountId: null, untilMs: nowMs + 42_000 },
        {
          model: 'meta-llama/llama-4-maverick:free',
          accountId: null,
          untilMs: nowMs + 11_000,
        },
      ],
      running: runningOf(nowMs, 3 + (change % 4)),
    },
    vault: 'ok',
    forecast: { kind: 'until', perHour: 412, untilMs: nowMs + 5.3 * hourMs },
    paidOnly: false,
    spent: { promptTokens: 0, completionTokens: 0, cost: 0 },
    removed: [],
    clients: [
      { id: 'continue', name: 'Continue', note: '' },
      { id: 'claudeCode', name: 'Claude Code', note: 'connected with an older address or key' },
    ],
  };
}

/** Further states of a dashboard, by a name for each. */
export function otherStates(nowMs: number): Readonly<Record<string, DashboardState>> {
  const crowded = crowdedState(nowMs);
  const { snapshot } = crowded;
  const wheel = {
    ...snapshot.wheel,
    keys: 0,
    accounts: 0,
    freeLeft: 0,
    freeLimit: 0,
    resetAtMs: null,
    waiting: 0,
  };
  const none = { ...crowded, clients: [], snapshot: { ...snapshot, wheel, accounts: [], running: [] } };
  const unreached = { code: 'ECONNREFUSED', sinceMs: nowMs - 300_000, heldUntilMs: null };
  const taken = { kind: 'failed', code: 'portInUse', port: 9999, detail: 'node' } as const;
  return {
    'no-key': none,
    keychain: { ...none, vault: 'refused' },
    unreached: { ...crowded, snapshot: { ...snapshot, unreached } },
    'port-taken': { ...crowded, snapshot: { ...snapshot, proxy: taken, running: [] } },
    removed: {
      ...crowded,
      clients: [],
      spent: { promptTokens: 1_234_567, completionTokens: 34_000, cost: 0.42 },
      removed: [{ keyId: 'gone', label: 'gone' }],
    },
  };
}

/** Running exchanges: some wait, one is tried again, one is sent, one answers. */
function runningOf(nowMs: number, waiting: number): readonly RunningView[] {
  const stages = [...Array<Stage>(waiting).fill('waiting'), 'pausing', 'asking', 'answering'] as const;
  return stages.map((stage, index) => ({
    requestId: index.toString(16).padStart(12, '0'),
    client: clients[index % clients.length] ?? '',
    method: 'POST',
    path: '/api/v1/chat/completions',
    model: models[index % 4] ?? '',
    startedAtMs: nowMs - (index + 1) * 7_300,
    stage,
    keyLabel: stage === 'asking' || stage === 'answering' ? 'anna' : '',
    attempts: stage === 'pausing' ? 2 : 0,
    outcome: stage === 'pausing' ? 'busy' : null,
    nextAtMs: stage === 'waiting' || stage === 'pausing' ? nowMs + 21_000 : null,
    endsAtMs: stage === 'waiting' ? nowMs + 64_000 : null,
  }));
}

function changedAccount(account: AccountView, times: number): AccountView {
  const { day, minute, keys } = account;
  return {
    ...account,
    day: { ...day, left: Math.max(day.left - times, 0), used: day.used + times },
    minute: { ...minute, used: (minute.used + times) % 20 },
    keys: keys.map((key) => ({ ...key, requests: key.requests + times })),
  };
}

interface Times {
  readonly nowMs: number;
  readonly midnightMs: number;
  readonly random: () => number;
}

function accountOf(name: string, index: number, { nowMs, midnightMs, random }: Times): AccountView {
  const limit = index % 3 === 0 ? 1000 : 50;
  const isUsedUp = index % 7 === 3;
  const used = isUsedUp ? limit : Math.floor(random() * limit * 0.9);
  const lock = (reason: LockView['reason'], untilMs: number): LockView => ({
    covers: reason === 'noCredits' ? 'paid' : 'free',
    reason,
    untilMs,
  });
  const isLocked = index % 11 === 5;
  const isWaiting = index % 9 === 4;
  const locks = [
    ...(isUsedUp ? [lock('dailyLimit', midnightMs)] : []),
    ...(isLocked ? [lock('unauthorized', nowMs + 48_000)] : []),
    ...(index === 6 ? [lock('noCredits', nowMs + 17 * minuteMs)] : []),
  ];
  const keyCount = index % 3 === 0 ? 3 : 1;
  const state = isUsedUp ? 'usedUp' : isLocked ? 'locked' : isWaiting ? 'waiting' : 'ready';
  return {
    accountId: `account-${index}`,
    name,
    keys: Array.from({ length: keyCount }, (_, place) =>
      keyOf(name, [index, place], { nowMs, midnightMs, random }),
    ),
    day: {
      used,
      limit,
      left: limit - used,
      own: used,
      server: index % 5 === 0 ? { used: used + 3, limit, atMs: nowMs - 4 * minuteMs } : null,
      resetAtMs: midnightMs,
    },
    minute: {
      used: isWaiting ? 20 : Math.floor(random() * 12),
      limit: 20,
    },
    creditsLeft: index % 3 === 0 ? Math.round(random() * 4000) / 100 : null,
    locks,
    state,
    untilMs: isUsedUp ? midnightMs : isLocked ? nowMs + 48_000 : isWaiting ? nowMs + 21_000 : null,
  };
}

function keyOf(name: string, [index, place]: readonly [number, number], { nowMs, random }: Times): KeyView {
  const requests = Math.floor(random() * 400);
  return {
    keyId: keyId(index, place),
    label: place === 0 ? name : `${name} ${['', 'laptop', 'server'][place] ?? ''}`,
    masked: `sk-or-v1-...${(index * 91 + place * 7 + 4096).toString(16).slice(-4)}`,
    enabled: !(index === 9 && place === 1),
    health: index === 10 ? 'bad' : 'good',
    paidUse: index === 6 && place === 1 ? 'only' : 'auto',
    dailyLimit: index % 8 === 1 ? 30 : null,
    accountName: null,
    capLeft: index % 3 === 0 && place === 1 ? 4.2 : null,
    locks: [],
    requests,
    errors: Math.floor(requests * random() * 0.1),
    lastUsedAtMs: index % 13 === 12 ? null : nowMs - Math.floor(random() * 20 * hourMs),
  };
}

function keyId(index: number, place: number): string {
  return `${index.toString(16).padStart(6, '0')}${place.toString(16).padStart(6, '0')}`;
}

/** Newest first. */
export function crowdedActivity(nowMs: number, count = 500): readonly ExchangeView[] {
  const random = sequence(11);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  return Array.from({ length: count }, (_, age) => {
    const startedAtMs = nowMs - age * 47_000 - Math.floor(random() * 20_000);
    const tries = random() < 0.15 ? 2 + Math.floor(random() * 3) : 1;
    const end: ExchangeEnd = random() < 0.93 ? 'answered' : pick(['refused', 'failed', 'cancelled'] as const);
    const model = pick(models);
    const attempts = Array.from({ length: tries }, (__, attempt): AttemptView => {
      const person = Math.floor(random() * people.length);
      const isLast = attempt === tries - 1;
      return {
        atMs: startedAtMs + attempt * 900,
        keyId: keyId(person, 0),
        keyLabel: people[person] ?? '',
        status: isLast && end === 'answered' ? 200 : pick([429, 503, 502]),
        outcome: isLast && end === 'answered' ? 'answer' : pick(['busy', 'minuteLimit', 'overloaded', 'cut']),
        previous: isLast ? [] : ['DeepInfra 429', 'Together 503'],
        waitedMs: attempt === 0 ? 0 : 800,
      };
    });
    return {
      id: count - age,
      startedAtMs,
      endedAtMs: startedAtMs + 800 + Math.floor(random() * 30_000),
      client: pick(clients),
      method: 'POST',
      path: '/api/v1/chat/completions',
      model,
      class: model.endsWith(':free') ? 'free' : 'paid',
      streaming: true,
      end,
      status: end === 'answered' ? 200 : end === 'cancelled' ? null : 429,
      waitedMs: (tries - 1) * 800,
      firstTokenMs: end === 'answered' ? 400 + Math.floor(random() * 5000) : null,
      usage:
        end === 'answered'
          ? {
              promptTokens: Math.floor(random() * 40_000),
              completionTokens: Math.floor(random() * 3000),
              cost: 0,
            }
          : null,
      attempts,
      refusal: null,
      message: null,
      made: [],
    };
  });
}

/** A month, busier by day than by night. */
function crowdedHours(nowMs: number): SeriesView['hours'] {
  const random = sequence(17);
  const lastMs = Math.floor(nowMs / hourMs) * hourMs;
  return Array.from({ length: 35 * 24 }, (_, index) => {
    const answered = Math.floor(Math.max(0, Math.sin((index / 12) * Math.PI)) * 60 * random());
    return {
      startMs: lastMs - (35 * 24 - 1 - index) * hourMs,
      ends: { answered, refused: answered % 5, failed: answered % 3, cancelled: answered % 4 },
      promptTokens: answered * 8123,
      completionTokens: answered * 731,
      cost: answered / 500,
    };
  });
}

export function crowdedSeries(nowMs: number): SeriesView {
  const random = sequence(13);
  const bucketMs = 5 * minuteMs;
  const buckets = 288;
  const startMs = Math.floor(nowMs / bucketMs) * bucketMs - (buckets - 1) * bucketMs;
  const busy = Array.from({ length: buckets }, (_, index) => Math.max(0, Math.sin(index / 40) + 0.4));
  const counts = (scale: number): number[] =>
    busy.map((value) => Math.floor(value * scale * (0.5 + random())));
  const use = (requests: number) => ({
    requests,
    answered: Math.floor(requests * 0.95),
    promptTokens: requests * 8123,
    completionTokens: requests * 731,
    cost: 0,
  });
  return {
    hours: crowdedHours(nowMs),
    startMs,
    bucketMs,
    ends: { answered: counts(40), refused: counts(2), failed: counts(1), cancelled: counts(2) },
    keys: people.map((name, index) => ({
      keyId: keyId(index, 0),
      label: name,
      counts: counts(30 / (index + 2)),
    })),
    firstToken: busy.map((value) =>
      value < 0.2
        ? []
        : [
            [400, 10],
            [900, 20],
            [1800, 9],
            [4200 + Math.floor(random() * 3000), 2],
          ],
    ),
    models: models.map((model, index) => ({
      model,
      ...use(900 - index * 140),
      cost: index > 3 ? 0.4231 : 0,
    })),
    clients: clients.map((client, index) => ({ client, ...use(800 - index * 120) })),
  };
}

/** As many free models as OpenRouter lists, most of them never asked. */
export function crowdedModels(): readonly ModelView[] {
  return Array.from({ length: 60 }, (_, index) => ({
    model: `crowd/model-of-some-length-${index}-instruct:free`,
    contextLength: index % 7 === 0 ? null : 32_768 * (1 + (index % 9)),
    tools: index % 3 !== 0,
    images: index % 5 === 0,
    requests: index < 12 ? 400 - index * 30 : 0,
    answered: index < 12 ? 380 - index * 30 : 0,
    firstTokenMs: index < 12 ? 400 + index * 250 : null,
  }));
}
