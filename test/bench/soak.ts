// `npm run bench soak -- --seconds 60 --streams 500`: prints what `soak` found.
import { parseArgs } from 'node:util';
import { soak } from '../support/soak';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    streams: { type: 'string', default: '500' },
  },
});

void soak({ seconds: Number(values.seconds), streams: Number(values.streams) }).then((result) => {
  console.log(JSON.stringify(result, null, 2));
  const [before, after] = result.memoryBytes;
  console.log(
    `Memory: ${(before / 1e6).toFixed(1)} MB after the first round, ${(after / 1e6).toFixed(1)} MB at the end`,
  );
});
