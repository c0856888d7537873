/**
 * The import rule: a room imports itself and the rooms above it, type-only imports included; no circles of files or folders.
 * It reads the imports with oxc-parser, because dependency-cruiser needs a TypeScript with an API, which TypeScript 7 lacks.
 */
import { parseSync } from 'oxc-parser';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Innermost first. */
export const rooms = [
  'base',
  'keys',
  'proxy',
  'service',
  'hosting',
  'clients',
  'doctor',
  'chat',
  'words',
  'webview',
  'server',
  'vscode',
];

/** The stages of a request, in the order of their imports; the files of proxy/ itself stand on top of them. */
export const stages = ['errors', 'request', 'upstream', 'decision', 'answer'];

/** Files that put everything together; no file imports them. */
export const compositionRoots = ['extension', 'worker', 'cli', 'uninstall'];

/** Paths from the root of the checkout, with the files' texts. */
export type Sources = ReadonlyMap<string, string>;

/** The imports of each file: a file of src as its path, a package as its name. */
export type Imports = ReadonlyMap<string, readonly string[]>;

interface Ban {
  name: string;
  from: RegExp;
  except?: RegExp;
  to: RegExp;
  allowed?: RegExp;
}

const roots = `^src/(?:${compositionRoots.join('|')})\\.ts$`;

const bans: readonly Ban[] = [
  ...rooms.map((room, index) => ({
    name: `${room} imports only itself and the rooms above it`,
    from: new RegExp(`^src/${room}/`),
    to: new RegExp(`^(?:src/(?:${['none', ...rooms.slice(index + 1)].join('|')})/|test/|${roots.slice(1)})`),
  })),
  ...stages.map((stage, index) => ({
    name: `proxy/${stage} imports only itself and the stages above it`,
    from: new RegExp(`^src/proxy/${stage}/`),
    to: new RegExp(`^src/proxy/(?:[^/]+\\.ts$|(?:${['none', ...stages.slice(index + 1)].join('|')})/)`),
  })),
  { name: 'nobody imports a composition root', from: /^src\//, to: new RegExp(roots) },
  { name: 'src stands without the tests', from: /^src\//, to: /^test\// },
  {
    name: 'vscode is imported in its room only',
    from: /^src\//,
    except: /^src\/(?:vscode\/|extension\.ts$)/,
    to: /^vscode$/,
  },
  {
    name: 'undici is imported in one file',
    from: /^src\//,
    except: /^src\/proxy\/upstream\/connectionOpener\.ts$/,
    to: /^undici$/,
  },
  {
    name: 'worker, command line and uninstaller run without VS Code',
    from: /^src\/(?:worker|cli|uninstall)\.ts$/,
    to: /^src\/vscode\//,
  },
  {
    name: 'hosting does not know how a request travels',
    from: /^src\/hosting\//,
    to: /^src\/(?:keys|proxy)\//,
  },
  {
    name: 'what is shown comes from the service',
    from: /^src\/(?:words|webview|vscode)\//,
    to: /^src\/(?:keys|proxy|hosting)\//,
  },
  {
    name: 'code of pages runs in a browser',
    from: /^src\/(?:webview|server\/page)\//,
    to: /^src\//,
    allowed: /^src\/(?:webview\/|words\/|server\/page\/|service\/(?:snapshot|messages)\.ts$)/,
  },
  {
    name: 'the extension has nothing of the server',
    from: /^src\/(?:vscode\/|extension\.ts$|worker\.ts$|uninstall\.ts$)/,
    to: /^src\/server\//,
  },
];

export function readSources(folder = 'src'): Sources {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.ts$/.test(file),
  );
  return new Map(
    files
      .map((file) => path.posix.join(folder, file.replaceAll(path.sep, '/')))
      .map((file) => [file, readFileSync(file, 'utf8')]),
  );
}

export function importsOf(sources: Sources): Imports {
  return new Map(
    [...sources].map(([file, text]) => [file, specifiers(file, text).map((to) => resolve(file, to))]),
  );
}

/** One line for each import that breaks the law, and for each circle. */
export function violations(imports: Imports): string[] {
  const found = [...imports].flatMap(([from, targets]) =>
    targets.flatMap((to) =>
      bans.filter((ban) => breaks(ban, from, to)).map(({ name }) => `${from} → ${to}: ${name}`),
    ),
  );
  const folders = new Map<string, string[]>();
  for (const [from, targets] of imports) {
    const folder = path.posix.dirname(from);
    const others = targets.filter((to) => imports.has(to)).map((to) => path.posix.dirname(to));
    // Files of a folder and files of the folders in it may import each other.
    const apart = others.filter((other) => !`${folder}/`.startsWith(`${other}/`));
    folders.set(folder, [...(folders.get(folder) ?? []), ...apart]);
  }
  return [
    ...found,
    ...circles(imports).map((circle) => `a circle of files: ${circle.join(' → ')}`),
    ...circles(folders).map((circle) => `a circle of folders: ${circle.join(' → ')}`),
  ];
}

function breaks({ from, except, to, allowed }: Ban, importer: string, target: string): boolean {
  return from.test(importer) && !except?.test(importer) && to.test(target) && !allowed?.test(target);
}

/** The written specifiers of `import`, `export … from`, `import()` and `typeof import()`. */
function specifiers(file: string, text: string): string[] {
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.map((entry) => entry.moduleRequest?.value),
  );
  const called = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)].map(([, specifier]) => specifier);
  const all = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...exported,
    ...called,
  ];
  return [...new Set(all.filter((specifier) => specifier !== undefined))];
}

function resolve(from: string, specifier: string): string {
  return specifier.startsWith('.') ? `${path.posix.join(path.posix.dirname(from), specifier)}.ts` : specifier;
}

/** The first circle that is met from each node, if any; each circle once. */
function circles(graph: Imports): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (node: string, way: readonly string[]): void => {
    const met = way.indexOf(node);
    if (met >= 0) found.push([...way.slice(met), node]);
    if (met >= 0 || done.has(node)) return;
    for (const next of new Set(graph.get(node))) walk(next, [...way, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return found;
}
