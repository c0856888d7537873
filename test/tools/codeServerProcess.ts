/** code-server as a user has it: an extension installed from its VSIX, settings, one server on loopback. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CodeServer } from './codeServer';
import { runCommand } from './command';
import { onlyLooks } from './looks';
import type { Sandbox } from './sandbox';
import { NO_GALLERY, startServer, type ServerProcess } from './serverProcess';
import { QUIET_SETTINGS, writeKeybindings, writeSettings, type Keybinding, type Settings } from './settings';

export interface CodeServerOptions {
  readonly install: CodeServer;
  readonly sandbox: Sandbox;
  readonly vsixPath: string;
  /** Other extensions beside it. */
  readonly otherVsixPaths?: readonly string[];
  /** Settings of the user: of any scope but `machine`. Read when a window is loaded. */
  readonly userSettings?: Settings;
  /** Settings of the machine ("Remote" in the settings editor): of any scope but `application`; they win. */
  readonly machineSettings?: Settings;
  /** Keys of the user's own. Read when a window is loaded. */
  readonly keybindings?: readonly Keybinding[];
  /** Whether VS Code has all of its own extensions (the default), or only those for its looks. */
  readonly ownExtensions?: 'all' | 'looks';
  /** Added to the environment of the server and of its extension hosts. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A server with one extension, its data in the sandbox. */
export class CodeServerProcess {
  private constructor(
    private readonly options: CodeServerOptions,
    private readonly server: ServerProcess,
    /** The folder that windows open. */
    readonly workspaceFolder: string,
  ) {}

  /** Resolves when the extension is installed and the server listens on a free port. */
  static async start(options: CodeServerOptions): Promise<CodeServerProcess> {
    if (!existsSync(options.vsixPath)) throw new Error(`There is no ${options.vsixPath}.`);
    const { sandbox, install } = options;
    await writeSettings(sandbox.folder('data'), 'User', { ...QUIET_SETTINGS, ...options.userSettings });
    await writeSettings(sandbox.folder('data'), 'Machine', options.machineSettings ?? {});
    if (options.keybindings !== undefined)
      await writeKeybindings(sandbox.folder('data'), options.keybindings);
    const config = path.join(sandbox.folder('config'), 'config.yaml');
    await writeFile(config, 'bind-addr: 127.0.0.1:0\nauth: none\ncert: false\n');
    const data = [
      install.entryPath,
      `--config=${config}`,
      `--user-data-dir=${sandbox.folder('data')}`,
      `--extensions-dir=${sandbox.folder('extensions')}`,
    ];
    if (options.ownExtensions === 'looks') data.push(onlyLooks(install, sandbox));
    const home = { ...NO_GALLERY, HOME: sandbox.folder('home'), ...options.env };
    const installs = [options.vsixPath, ...(options.otherVsixPaths ?? [])].map(
      (vsixPath) => `--install-extension=${vsixPath}`,
    );
    await runCommand(install.nodePath, [...data, ...installs], {
      env: sandbox.environment(home),
      timeoutMs: 240_000,
    });
    const workspaceFolder = sandbox.folder('workspace');
    const server = await startServer({
      sandbox,
      command: install.nodePath,
      args: [...data, ...SERVER_FLAGS, workspaceFolder],
      env: home,
      listening: /HTTP server listening on http:\/\/127\.0\.0\.1:(\d+)/,
    });
    return new CodeServerProcess(options, server, workspaceFolder);
  }

  /** Where a window is opened. */
  get address(): string {
    const folder = encodeURIComponent(this.workspaceFolder);
    return `http://127.0.0.1:${this.server.port}/?folder=${folder}`;
  }

  /** Replaces the machine's settings; open windows follow within half a second. */
  async writeMachineSettings(settings: Settings): Promise<void> {
    await writeSettings(this.dataFolder, 'Machine', settings);
  }

  /** The folder where VS Code keeps the user's data: globalStorage, logs. */
  get dataFolder(): string {
    return this.options.sandbox.folder('data');
  }

  /** Resolves when the server has ended, to a description of its end. */
  get ended(): Promise<string> {
    return this.server.ended;
  }

  /** The end of what the server wrote. */
  output(): string {
    return this.server.output();
  }
}

const SERVER_FLAGS = [
  '--disable-telemetry',
  '--disable-update-check',
  '--disable-workspace-trust',
  '--disable-getting-started-override',
];
