/** The VS Code server from the npm package code-server, with the Node that it needs, kept in the cache. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cachedInstall, isCached, npmEnvironment, npmInstall } from './cachedInstall';
import { runCommand } from './command';
import { installDebianPackages } from './debian';
import { reported, type Report } from './progress';

const CODE_SERVER_VERSION = '4.139.1';
const NODE_VERSION = '24.21.0';

export interface CodeServer {
  /** The Node that code-server and VS Code's server need. */
  readonly nodePath: string;
  /** code-server as people run it. */
  readonly entryPath: string;
  /** VS Code's own server inside of it, which takes the parameters of extension tests. */
  readonly serverMainPath: string;
  /** VS Code's own extensions, a folder each. */
  readonly extensionsPath: string;
}

/** Gives a complete code-server: the one in the cache, or a new one made there (about two minutes). */
export async function ensureCodeServer(report: Report): Promise<CodeServer> {
  const node = nodePackage();
  const name = `code-server-${CODE_SERVER_VERSION}-${node}-${NODE_VERSION}`;
  if (!isCached(name)) await installDebianPackages(missingBuildTools(), 'To build code-server', report);
  return locate(await cachedInstall(name, async (folder) => await install(folder, node, report)), node);
}

function nodePackage(): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  return `node-${platform}-${process.arch}`;
}

function locate(folder: string, node: string): CodeServer {
  const modules = path.join(folder, 'node_modules');
  const vscode = path.join(modules, 'code-server', 'lib', 'vscode');
  return {
    nodePath: path.join(modules, node, 'bin', 'node'),
    entryPath: path.join(modules, 'code-server', 'out', 'node', 'entry.js'),
    serverMainPath: path.join(vscode, 'out', 'server-main.js'),
    extensionsPath: path.join(vscode, 'extensions'),
  };
}

function missingBuildTools(): string[] {
  if (process.platform !== 'linux') return [];
  const needed: [file: string, debianPackage: string][] = [
    ['python3', 'python3'],
    ['make', 'make'],
    ['g++', 'g++'],
  ];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const missing = needed
    .filter(([file]) => !folders.some((folder) => existsSync(path.join(folder, file))))
    .map(([, debianPackage]) => debianPackage);
  return existsSync('/usr/include/gssapi/gssapi.h') ? missing : [...missing, 'libkrb5-dev'];
}

async function install(folder: string, node: string, report: Report): Promise<unknown> {
  const env = npmEnvironment();
  const npm = async (spec: string): Promise<void> => await npmInstall(folder, [spec], env);
  await reported(report, `Node ${NODE_VERSION} from npm`, () => npm(`${node}@${NODE_VERSION}`));

  const nodeFolder = path.join(folder, 'node_modules', node);
  env.PATH = `${path.join(nodeFolder, 'bin')}${path.delimiter}${env.PATH ?? ''}`;
  env.npm_config_nodedir = nodeFolder;
  await reported(report, `code-server ${CODE_SERVER_VERSION} from npm, about two minutes`, () =>
    npm(`code-server@${CODE_SERVER_VERSION}`),
  );
  const { nodePath, entryPath } = locate(folder, node);
  const version = await runCommand(nodePath, [entryPath, '--version'], { timeoutMs: 60_000 });
  return { version: version.trim() };
}
