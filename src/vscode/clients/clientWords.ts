// Words about clients and their files; no vscode, so that they can be tested.
import type { ClientId } from '../../service/clients/client';
import type { ConfigError } from '../../service/clients/configError';
import { isObject, pathText, type Json } from '../../service/clients/configValue';
import type { ConnectionState, Planned } from '../../service/clients/fileConnections';
import type { TerminalClient } from '../../service/clients/terminal';
import type { Translate } from '../../webview/translate';

/** Why a file was left alone, and what to do. */
export function problemText({ code, file, line }: ConfigError, t: Translate): string {
  switch (code) {
    case 'damaged':
      return line === null
        ? t('{0} cannot be read: it is damaged. It was left alone. Mend it and try again.', file)
        : t(
            '{0} cannot be read: something is wrong at line {1}. It was left alone. Mend it and try again.',
            file,
            line,
          );
    case 'unsupported':
      return t(
        '{0} is built in a way that leaves no place for these values. It was left alone. Put them in by hand.',
        file,
      );
    case 'olderFormat':
      return t(
        '{0} is a configuration of the older kind, which Keywheel does not write. Put the values in by hand.',
        file,
      );
    case 'readOnly':
      return t('{0} may not be written. It was left alone.', file);
    case 'inTheWay':
      return t('{0} is no ordinary file. It was left alone.', file);
    case 'changedMeanwhile':
      return t('{0} was changed by another program at the same moment. It was left alone. Try again.', file);
    case 'backupLost':
      return t(
        'The backup {0} is gone, so nobody knows what was there before. The file was left alone: take the values of Keywheel out by hand.',
        file,
      );
  }
}

/** What will be written, a line a value, with the proxy key masked. */
export function planLines({ changes }: Planned, proxyKey: string, t: Translate): string[] {
  return changes.flatMap(({ path, value, replaces }) => {
    const lines = flat(pathText(path), value ?? null).map((line) => masked(line, proxyKey));
    return replaces ? lines.map((line) => t('{0} (replaces what is there now)', line)) : lines;
  });
}

/** A line for each value that is no object, or an empty one. */
function flat(name: string, value: Json): string[] {
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length === 0) return [`${name}: ${JSON.stringify(value)}`];
  return entries.flatMap(([inner, each]) => flat(`${name}.${inner}`, each));
}

/** The exact way by hand, for a client that is not written. */
export function stepsByHand(id: ClientId, t: Translate): readonly string[] {
  switch (id) {
    case 'continue':
      return [
        t(
          'Open Continue’s configuration on your own machine: click the gear in Continue, then Configs, then the gear beside Local Config.',
        ),
        t(
          'Add a model with the provider “openrouter”, apiBase set to the base URL (OpenAI form) and apiKey set to the proxy key.',
        ),
      ];
    case 'cline':
      return [
        t('Click the gear in Cline and choose the provider “OpenAI Compatible”.'),
        t(
          'Put in the base URL (OpenAI form), the proxy key as API key, and a model such as {0}.',
          'openrouter/free',
        ),
      ];
    case 'roo':
    case 'kilo':
      return [
        t('Open the settings of the extension and choose the provider “OpenRouter”.'),
        t(
          'Put in the proxy key as API key, tick “Use custom base URL”, and put in the base URL (OpenAI form).',
        ),
        t('Choose a model and save.'),
      ];
    case 'claudeCode':
      return [
        t(
          'Set ANTHROPIC_BASE_URL to the base URL (Anthropic form), ANTHROPIC_AUTH_TOKEN to the proxy key, and ANTHROPIC_API_KEY to nothing.',
        ),
      ];
    case 'codex':
      return [
        t(
          'In config.toml, add a model provider with the base URL (Responses form) and the proxy key, and choose it with model_provider.',
        ),
      ];
    case 'opencode':
      return [
        t(
          'In opencode.json, set the options baseURL and apiKey of the provider “openrouter” to the base URL (OpenAI form) and the proxy key.',
        ),
      ];
  }
}

/** What has to be done in the client itself after it was written, or null. */
export function afterConnecting(id: ClientId, t: Translate): string | null {
  switch (id) {
    case 'cline':
      return t('In Cline, choose the provider OpenRouter if another one is chosen, and begin a new task.');
    case 'continue':
      return t('In Continue, choose the model “Keywheel”.');
    case 'claudeCode':
    case 'codex':
    case 'opencode':
    case 'kilo':
      return t('It takes effect when the client is started anew.');
    case 'roo':
      return null;
  }
}

export function stateText(state: ConnectionState, t: Translate): string {
  switch (state) {
    case 'current':
      return t('connected');
    case 'outdated':
      return t('connected with an older address or key');
    case 'changed':
      return t('connected once; its values were changed since');
    case 'missing':
      return t('connected once; its configuration is gone');
    case 'damaged':
      return t('connected; its configuration is damaged');
    case 'unknown':
      return t('connected; how it stands cannot be seen');
  }
}

export function terminalText(client: TerminalClient, t: Translate): string {
  switch (client) {
    case 'openai':
      return t('Programs for OpenAI’s API');
    case 'claudeCode':
      return 'Claude Code';
    case 'openrouter':
      return t('Programs for OpenRouter');
  }
}

/** The proxy key is for people to copy, not to read. */
function masked(text: string, proxyKey: string): string {
  return text.replaceAll(proxyKey, 'kw-…');
}
