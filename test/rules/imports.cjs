// The import rule: a room imports itself and the rooms above it; type-only imports count.
const rooms = ['base', 'keys', 'proxy', 'service', 'hosting', 'vscode'];
const stages = [
  'refusal',
  'headers',
  'admission',
  'plan',
  'upstream',
  'outcome',
  'decision',
  'relay',
  'exchange',
  'localRoutes',
  'server',
];
const later = (list, index) => list.slice(index + 1).join('|');
const entries = '^src/(extension|cli|worker|uninstall)\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'vscode-only-in-its-room',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(vscode/|extension\\.ts$)' },
      to: { path: '^vscode$|node_modules/@types/vscode' },
    },
    {
      name: 'undici-only-in-upstream',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/proxy/upstream\\.ts$' },
      to: { path: 'node_modules/undici' },
    },
    { name: 'nobody-imports-an-entry', severity: 'error', from: { path: '^src/' }, to: { path: entries } },
    {
      name: 'cli-is-headless',
      severity: 'error',
      from: { path: '^src/(cli|worker|uninstall)\\.ts$' },
      to: { path: '^src/vscode/' },
    },
    {
      name: 'hosting-stands-alone',
      severity: 'error',
      from: { path: '^src/hosting/' },
      to: { path: '^src/(keys|proxy)/' },
    },
    {
      name: 'views-see-only-the-service',
      severity: 'error',
      from: { path: '^src/(vscode|webview)/' },
      to: { path: '^src/(keys|proxy|hosting)/' },
    },
    {
      name: 'the-webview-runs-in-a-browser',
      severity: 'error',
      from: { path: '^src/webview/' },
      to: { path: '^src/', pathNot: '^src/(webview/|service/(snapshot|messages)\\.ts$)' },
    },
    {
      name: 'src-stands-without-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    ...rooms.slice(0, -1).map((room, index) => ({
      name: `room-${room}`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: `^src/(${later(rooms, index)})/` },
    })),
    ...stages.slice(0, -1).map((stage, index) => ({
      name: `stage-${stage}`,
      severity: 'error',
      from: { path: `^src/proxy/${stage}\\.ts$` },
      to: { path: `^src/proxy/(${later(stages, index)})\\.ts$` },
    })),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
