/** The extension as it runs in this window. */
import assert from 'node:assert/strict';
import { commands, extensions } from 'vscode';
import type { KeywheelApi, KeywheelExports, KeywheelStatus } from '../../../src/vscode/api';

export const extensionId = 'keywheel.keywheel';

/** Resolves to the API once the extension is active. */
export async function keywheelApi(): Promise<KeywheelApi> {
  const extension = extensions.getExtension<KeywheelExports>(extensionId);
  assert.ok(extension, `${extensionId} is not installed`);
  return (await extension.activate()).getAPI(1);
}

/** Resolves to the first status that fits; rejects after two minutes. */
export async function statusThat(
  what: string,
  fits: (status: KeywheelStatus) => boolean,
): Promise<KeywheelStatus> {
  const api = await keywheelApi();
  return await new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      subscription.dispose();
    };
    const look = (): void => {
      const status = api.status();
      if (!fits(status)) return;
      done();
      resolve(status);
    };
    const subscription = api.onDidChangeStatus(look);
    const timer = setTimeout(() => {
      done();
      reject(new Error(`Never ${what}: ${JSON.stringify(api.status())}`));
    }, 120_000);
    look();
  });
}

/** Runs a command of the extension; resolves to whether it succeeded. */
export async function run(name: string): Promise<boolean> {
  return await commands.executeCommand<boolean>(`keywheel.${name}`);
}

/** Resolves once the condition holds; rejects after two minutes. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = Date.now() + 120_000;
  while (!(await holds())) {
    assert.ok(Date.now() < untilMs, `Never ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
