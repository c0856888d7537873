/** The packaged extension as a user has it, for end-to-end tests: server, browser, windows. */
import path from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { launchBrowser } from './browser';
import { CodeServerProcess } from './codeServerProcess';
import type { Keybinding, Settings } from './settings';
import { fetchHeadless } from './installs';
import { checkoutFolder } from './paths';
import { Sandbox } from './sandbox';
import { THEMES, type Theme } from './themes';
import { VsCodeWindow } from './vscodeWindow';

export interface PackagedOptions {
  readonly vsixPath: string;
  /** Other extensions beside it. */
  readonly otherVsixPaths?: readonly string[];
  /** Whether VS Code has all of its own extensions, as for a user, or only those for its looks (the default). */
  readonly ownExtensions?: 'all' | 'looks';
  readonly userSettings?: Settings;
  readonly machineSettings?: Settings;
  readonly keybindings?: readonly Keybinding[];
  readonly env?: NodeJS.ProcessEnv;
  /** Where screenshots are written; test/e2e/screenshots when not given. */
  readonly screenshotFolder?: string;
  /** The size of the windows in pixels; 1280 by 800 when not given. */
  readonly width?: number;
  readonly height?: number;
}

/** A VS Code with the extension installed from its VSIX; closed by the test that starts it. */
export class PackagedVsCode {
  private readonly windows: VsCodeWindow[] = [];
  private machineSettings: Settings;
  private shownTheme: Theme | undefined;

  private constructor(
    private readonly options: PackagedOptions,
    private readonly sandbox: Sandbox,
    /** The server: its data folder, its settings, its output. */
    readonly server: CodeServerProcess,
    private readonly browser: BrowserContext,
  ) {
    this.machineSettings = options.machineSettings ?? {};
  }

  /** Resolves when server and browser run; no window is open yet. Fetches what is not there. */
  static async start(options: PackagedOptions): Promise<PackagedVsCode> {
    const install = await fetchHeadless();
    const sandbox = new Sandbox();
    try {
      const { browserPath: executablePath } = install;
      const [server, browser] = await Promise.all([
        CodeServerProcess.start({ ownExtensions: 'looks', ...options, install, sandbox }),
        launchBrowser({ executablePath, sandbox, width: options.width, height: options.height }),
      ]);
      return new PackagedVsCode(options, sandbox, server, browser);
    } catch (error) {
      await sandbox.close();
      throw error;
    }
  }

  /** Opens a window and resolves when its workbench is there; every window has an extension host of its own. */
  async openWindow(): Promise<VsCodeWindow> {
    const page = await this.browser.newPage();
    const folder = this.options.screenshotFolder ?? path.join(checkoutFolder(), 'test', 'e2e', 'screenshots');
    const window = new VsCodeWindow(page, folder);
    const address = this.windows.length === 0 ? this.server.address : `${this.server.address}&ew=true`;
    this.windows.push(window);
    await window.load(address);
    return window;
  }

  /**
   * Replaces the machine's settings, of whatever scope but `application`; they win over the user's, and open
   * windows follow within half a second. (The user's own are read when a window is loaded, and not again.)
   */
  async setMachineSettings(settings: Settings): Promise<void> {
    this.machineSettings = settings;
    await this.server.writeMachineSettings(settings);
  }

  /** Changes these settings of the machine, and no others. */
  async changeMachineSettings(settings: Settings): Promise<void> {
    await this.setMachineSettings({ ...this.machineSettings, ...settings });
  }

  /** The theme that was set last. */
  get theme(): Theme | undefined {
    return this.shownTheme;
  }

  /** Resolves when all open windows show the theme. */
  async setTheme(theme: Theme): Promise<void> {
    await this.setMachineSettings({ ...this.machineSettings, 'workbench.colorTheme': THEMES[theme].setting });
    const open = this.windows.filter((window) => !window.page.isClosed());
    await Promise.all(open.map((window) => window.waitForTheme(theme)));
    this.shownTheme = theme;
  }

  /** Pictures every open window as `<name>.png`, `<name>-2.png` and so on. */
  async screenshots(name: string): Promise<void> {
    const open = this.windows.filter((window) => !window.page.isClosed());
    for (const [index, window] of open.entries())
      await window.screenshot(index === 0 ? name : `${name}-${index + 1}`);
  }

  /** Closes the windows as a user does (extensions are deactivated), then browser and server. */
  async close(): Promise<void> {
    try {
      for (const window of this.windows) await window.close();
      await this.browser.close();
    } finally {
      await this.sandbox.close();
    }
  }
}
