const { availableParallelism } = require('node:os');

// Each file has a VS Code of its own, which takes a processor while it works and waits as long again. The longest first:
// the others fill the time beside it.
module.exports = {
  'node-option': ['import=tsx'],
  spec: ['keys', 'messages', 'dashboard', 'path'].map((name) => `test/e2e/${name}.test.ts`),
  parallel: true,
  jobs: Math.max(2, availableParallelism()),
  timeout: 180000,
  slow: 60000,
  'forbid-only': true,
  'forbid-pending': true,
};
