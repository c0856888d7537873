// Bundles the extension, the command line, the worker and the pages' own code into dist/.
const { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const esbuild = require('esbuild');

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

/** The parts of packages that the proxy uses; the rest, with Node's own HTTP/2 and cluster, would be read for nothing. */
const parts = {
  undici: {
    Client: 'undici/lib/dispatcher/client.js',
    ProxyAgent: 'undici/lib/dispatcher/proxy-agent.js',
    buildConnector: 'undici/lib/core/connect.js',
  },
  'prom-client': {
    Counter: 'prom-client/lib/counter.js',
    Gauge: 'prom-client/lib/gauge.js',
    Histogram: 'prom-client/lib/histogram.js',
    Registry: 'prom-client/lib/registry.js',
    collectDefaultMetrics: 'prom-client/lib/defaultMetrics.js',
  },
};

/** Modules of those packages that are never used here: HTTP/2, SOCKS5, and the traces to which a figure may point. */
const unused = /\/(?:client-h2|socks5-proxy-agent)(?:\.js)?$|^@opentelemetry\/api$/;

const partsAlone = {
  name: 'parts-alone',
  setup(build) {
    const filter = new RegExp(`^(?:${Object.keys(parts).join('|')})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: 'parts' }));
    build.onResolve({ filter: unused }, ({ path }) => ({ path, namespace: 'unused' }));
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: `module.exports = function () { throw new Error('${path} was asked for, and is left out.'); };`,
    }));
    build.onLoad({ filter: /.*/, namespace: 'parts' }, ({ path }) => {
      // Each part is read at its first use; a proxy agent's clients need the `connect` that undici's index would add.
      const getters = Object.entries(parts[path]).map(
        ([name, file]) => `get ${name}() { return require('${file}'); },`,
      );
      const connect = `require('undici/lib/dispatcher/dispatcher.js').prototype.connect = function (...given) {
  return require('undici/lib/api/api-connect.js').apply(this, given);
};\n`;
      const contents = `${path === 'undici' ? connect : ''}module.exports = {\n${getters.join('\n')}\n};`;
      return { contents, resolveDir: __dirname };
    });
  },
};

/** Packages that no start needs: each is a file of its own, read at its first use; most windows never use most of them. */
const later = ['jsonc-parser', 'luxon', 'toml-eslint-parser', 'undici', 'yaml'];

/** Replaces such a package by an object with its names, which reads the package's file when one of them is used. */
const fetchLater = {
  name: 'fetch-later',
  setup(build) {
    const filter = new RegExp(`^(?:${later.join('|')})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: 'later' }));
    build.onResolve({ filter: /^\.\/later\// }, ({ path }) => ({ path, external: true }));
    build.onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => {
      const names = Object.keys(parts[path] ?? require(path));
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

// ES modules where a package has them: their unused parts are left out, and one package cannot be bundled otherwise.
const node = {
  ...shared,
  plugins: [partsAlone],
  platform: 'node',
  format: 'cjs',
  target: 'node20.18',
  mainFields: ['module', 'main'],
};
const browser = { ...shared, platform: 'browser', format: 'iife', target: 'chrome128' };

// Style sheets of packages, with their fonts and images.
const sheets = { ...browser, loader: { '.ttf': 'file', '.svg': 'dataurl' }, assetNames: '[name]' };

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
  { ...node, plugins: [fetchLater], entryPoints: ['src/worker.ts'], outfile: 'dist/worker.js' },
  { ...node, plugins: [fetchLater], entryPoints: ['src/uninstall.ts'], outfile: 'dist/uninstall.js' },
  { ...browser, entryPoints: ['src/webview/dashboard.ts'], outfile: 'dist/webview/dashboard.js' },
  {
    ...sheets,
    entryPoints: ['node_modules/@vscode/codicons/dist/codicon.css'],
    outfile: 'dist/webview/codicon.css',
  },
  { ...sheets, entryPoints: ['node_modules/uplot/dist/uPlot.min.css'], outfile: 'dist/webview/uplot.css' },
];

/** The package for npm: the command line and its pages. The VSIX has none of it. */
const npmBuilds = [
  { ...node, entryPoints: ['src/cli.ts'], outfile: 'dist/cli.js', banner: { js: '#!/usr/bin/env node' } },
  { ...browser, entryPoints: ['src/server/page/page.ts'], outfile: 'dist/server/page.js' },
  { ...browser, entryPoints: ['src/server/page/docs.ts'], outfile: 'dist/server/docs.js' },
  { ...sheets, entryPoints: ['media/pages/keyStatus.css'], outfile: 'dist/server/page.css' },
  { ...sheets, entryPoints: ['media/pages/docs.css'], outfile: 'dist/server/docs.css' },
];

/** A file that is a bundle already, and is copied. */
const viewer = 'node_modules/swagger-ui-dist/swagger-ui-bundle.js';

let running = 0;

/** Prints the lines by which the task of .vscode/tasks.json knows the end of a build; esbuild itself prints errors. */
const announce = {
  name: 'announce',
  setup(build) {
    build.onStart(() => {
      if (running++ === 0) console.log('[watch] build started');
    });
    build.onEnd(() => {
      if (--running === 0) console.log('[watch] build finished');
    });
  },
};

/** The packages that the inputs belong to, each once; `licences` are the licences' texts. */
function packagesIn(inputs) {
  const folders = inputs.flatMap(
    (input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
  );
  return [...new Set(folders)].sort().map((folder) => {
    const {
      name,
      version,
      license,
      scripts = {},
    } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const files = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file));
    const licences = files.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim());
    return { folder, name, version, license, scripts, licences };
  });
}

/** Makes all builds, and returns the packages in them. */
async function packagesOf(made, options = {}) {
  const results = await Promise.all(made.map((build) => esbuild.build({ ...build, ...options })));
  return packagesIn(results.flatMap(({ metafile }) => Object.keys(metafile.inputs)));
}

/** The packages in the VSIX and in npm's package, found by bundling without writing. */
async function bundled() {
  return await packagesOf([...builds, ...npmBuilds], { write: false });
}

/** The bundled packages with their licences, as these licences demand. */
function notices(packages) {
  const texts = packages.map(({ name, version, license, licences }) =>
    [`${name} ${version} (${license})`, ...licences].join('\n\n'),
  );
  return `Keywheel contains the following works of others.\n\n${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

async function main() {
  rmSync('dist', { recursive: true, force: true });
  mkdirSync('dist/server', { recursive: true });
  copyFileSync(viewer, 'dist/server/swagger-ui.js');
  copyFileSync(`${viewer}.LICENSE.txt`, 'dist/server/swagger-ui.js.LICENSE.txt');
  if (!watch) {
    writeFileSync('dist/third-party-notices.txt', notices(await packagesOf(builds)));
    writeFileSync('dist/server/third-party-notices.txt', notices(await packagesOf(npmBuilds)));
    return;
  }
  for (const build of [...builds, ...npmBuilds]) {
    const plugins = [...(build.plugins ?? []), announce];
    await (await esbuild.context({ ...build, plugins })).watch();
  }
}

module.exports = { bundled };

if (require.main === module) main().catch(() => process.exit(1));
