// `npm run bench limits`: the proxy's time relative to the least that the limits allow, in simulated time over real sockets.
import { accountsAlike, runLimits, type LimitsCase } from '../support/limitsRun';

const worstRatio = 1.02;

const mixed = [...accountsAlike(5, 1, 50), ...accountsAlike(5, 1, 1_000)];
const mixedLate = [...accountsAlike(5, 1, 50, 47), ...accountsAlike(5, 1, 1_000)];

const shapes: readonly Omit<LimitsCase, 'stream'>[] = [
  { name: '1 account', accounts: accountsAlike(1), requests: 60 },
  { name: '3 accounts', accounts: accountsAlike(3), requests: 180 },
  { name: '5 accounts', accounts: accountsAlike(5), requests: 500 },
  { name: '10 accounts, 50 and 1000 a day', accounts: mixed, requests: 150 },
  { name: '10 accounts, 3 left of 50 and 1000', accounts: mixedLate, requests: 150 },
  { name: '4 accounts of 3 keys', accounts: accountsAlike(4, 3), requests: 240 },
];

async function main(): Promise<number> {
  console.log(
    'case                                 requests  form    took s   least s  ratio   429s  answered  real s',
  );
  let isGood = true;
  for (const shape of shapes) {
    for (const stream of [true, false]) {
      const startedAtMs = performance.now();
      const result = await runLimits({ ...shape, stream });
      const isRight =
        result.ratio <= worstRatio && result.limitAnswers === 0 && result.answered === shape.requests;
      isGood &&= isRight;
      const cells = [
        shape.name.padEnd(36),
        String(shape.requests).padStart(8),
        (stream ? 'stream' : 'whole').padEnd(6),
        (result.lastAnswerMs / 1000).toFixed(2).padStart(8),
        (result.leastMs / 1000).toFixed(2).padStart(8),
        result.ratio.toFixed(4),
        String(result.limitAnswers).padStart(5),
        String(result.answered).padStart(9),
        ((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(7),
        isRight ? '' : 'MISSED',
      ];
      console.log(cells.join('  ').trimEnd());
    }
  }
  console.log(isGood ? `All within ${worstRatio}.` : `Missed: at most ${worstRatio}, no 429, all answered.`);
  return isGood ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(70);
  },
);
