// Bundles the extension, the command line, the worker and the dashboard's own code into dist/.
const { readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const esbuild = require('esbuild');

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

/** Of undici the proxy uses these alone, and speaks HTTP/1.1: the rest, and Node's own HTTP/2, would be read for nothing. */
const undiciParts = {
  Client: 'undici/lib/dispatcher/client.js',
  buildConnector: 'undici/lib/core/connect.js',
};

const undiciCore = {
  name: 'undici-core',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'undici-core' }));
    build.onResolve({ filter: /\/client-h2\.js$/ }, ({ path }) => ({ path, namespace: 'undici-h2' }));
    build.onLoad({ filter: /.*/, namespace: 'undici-h2' }, () => ({
      contents: `module.exports = () => { throw new Error('HTTP/2 was asked for, and is left out.'); };`,
    }));
    build.onLoad({ filter: /.*/, namespace: 'undici-core' }, () => ({
      contents: Object.entries(undiciParts)
        .map(([name, file]) => `exports.${name} = require('${file}');`)
        .join('\n'),
      resolveDir: __dirname,
    }));
  },
};

/** What no start needs: each is a file of its own, read when it is first used; most windows never use most of them. */
const later = ['jsonc-parser', 'luxon', 'toml-eslint-parser', 'undici', 'yaml'];

/** Puts in the place of such a package its names alone; whoever asks for one of them gets it from the package's file. */
const fetchLater = {
  name: 'fetch-later',
  setup(build) {
    const filter = new RegExp(`^(?:${later.join('|')})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: 'later' }));
    build.onResolve({ filter: /^\.\/later\// }, ({ path }) => ({ path, external: true }));
    build.onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => {
      const names = Object.keys(path === 'undici' ? undiciParts : require(path));
      const getters = names.map((name) => `get ${name}() { return require('./later/${path}.js').${name}; },`);
      return { contents: `module.exports = {\n${getters.join('\n')}\n};` };
    });
  },
};

const shared = {
  bundle: true,
  minifySyntax: production,
  minifyWhitespace: production,
  // Names stay as they are: they are what stack traces in a user's log show. (`keepNames` would cost a call a closure.)
  minifyIdentifiers: false,
  sourcemap: production ? false : 'linked',
  logLevel: 'warning',
  metafile: true,
  legalComments: 'none',
};

// As modules where a package has them: what is not used stays out, and one of them cannot be bundled otherwise.
const node = {
  ...shared,
  plugins: [undiciCore],
  platform: 'node',
  format: 'cjs',
  target: 'node20.18',
  mainFields: ['module', 'main'],
};
const browser = { ...shared, platform: 'browser', format: 'iife', target: 'chrome128' };

// The icon font's and the charts' own style sheets, as they are.
const sheets = { ...browser, loader: { '.ttf': 'file' }, assetNames: '[name]' };

const builds = [
  {
    ...node,
    plugins: [fetchLater],
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    external: ['vscode'],
  },
  {
    ...node,
    entryPoints: Object.fromEntries(later.map((name) => [name, name])),
    outdir: 'dist/later',
  },
  { ...node, entryPoints: ['src/cli.ts'], outfile: 'dist/cli.js', banner: { js: '#!/usr/bin/env node' } },
  { ...node, plugins: [fetchLater], entryPoints: ['src/worker.ts'], outfile: 'dist/worker.js' },
  { ...node, entryPoints: ['src/uninstall.ts'], outfile: 'dist/uninstall.js' },
  { ...browser, entryPoints: ['src/webview/dashboard.ts'], outfile: 'dist/webview/dashboard.js' },
  {
    ...sheets,
    entryPoints: ['node_modules/@vscode/codicons/dist/codicon.css'],
    outfile: 'dist/webview/codicon.css',
  },
  { ...sheets, entryPoints: ['node_modules/uplot/dist/uPlot.min.css'], outfile: 'dist/webview/uplot.css' },
];

/** Who made what is bundled, under which licence: their licences ask for it. */
function notices(inputs) {
  const folders = inputs.flatMap(
    (input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
  );
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const files = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file));
    const licences = files.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim());
    return [`${name} ${version} (${license})`, ...licences].join('\n\n');
  });
  return `Keywheel contains the following works of others.\n\n${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

async function main() {
  rmSync('dist', { recursive: true, force: true });
  if (!watch) {
    const results = await Promise.all(builds.map((build) => esbuild.build(build)));
    writeFileSync(
      'dist/third-party-notices.txt',
      notices(results.flatMap(({ metafile }) => Object.keys(metafile.inputs))),
    );
    return;
  }
  for (const build of builds) await (await esbuild.context(build)).watch();
}

main().catch(() => process.exit(1));
