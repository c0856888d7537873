// Opens settings where they can be changed.
import { env } from 'vscode';

/** A command, and its argument, that shows the matching settings: in a remote window the other tab lacks those of the machine. */
export function settingsCommand(query: string): readonly [command: string, argument: unknown] {
  return env.remoteName === undefined
    ? ['workbench.action.openSettings', query]
    : ['workbench.action.openRemoteSettings', { query }];
}
