// Texts about clients and their files; does not import vscode, so that they can be tested.
import type { ClientId } from '../clients/client';
import { clientOf } from '../clients/clientList';
import { ConfigError } from '../clients/configFile';
import { isObject, pathText, type Json } from '../clients/configValue';
import type { AskedModel, EndedModel } from '../clients/connectionNews';
import type { ConnectionState, Planned } from '../clients/fileConnections';
import type { Disconnected } from '../clients/connector';
import type { ListedModel } from '../clients/modelList';
import type { ConnectionRecord } from '../clients/records';
import type { TerminalClient } from '../clients/values';
import { joined, type Language } from './formats';
import { wordsFor, type Translate } from './translate';

/** Such as `tools · images · 128K tokens`. */
export function traitsText(
  { tools, images, contextLength }: Pick<ListedModel, 'tools' | 'images' | 'contextLength'>,
  { t, formats }: Language,
): string {
  const context = contextLength !== null && t('{0} tokens', formats.compact(contextLength));
  return joined(' · ', tools && t('tools'), images && t('images'), context);
}

/** The reason why a file was not changed, with advice. */
export function problemText({ code, file, line }: ConfigError, t: Translate): string {
  return problems(code, t, file, line);
}

const problems = wordsFor<ConfigError['code'], string, [file: string, line: number | null]>({
  damaged: (t, file, line) =>
    line === null
      ? t('{0} is invalid and was not changed. Fix it and try again.', file)
      : t('{0} is invalid at line {1} and was not changed. Fix it and try again.', file, line),
  unsupported: (t, file) => t('Keywheel cannot edit {0} safely. Change it yourself.', file),
  olderFormat: (t, file) =>
    t('{0} has an older format that Keywheel does not edit. Enter the values yourself.', file),
  readOnly: (t, file) => t('{0} is read-only and was not changed.', file),
  inTheWay: (t, file) => t('{0} is not a regular file and was not changed.', file),
  changedMeanwhile: (t, file) => t('Another program changed {0} at the same moment. Try again.', file),
  diskFull: (t, file) => t('The disk has no room for {0}. Nothing was changed.', file),
});

/** The values that will be written into each file, one per line, with the proxy key masked. */
export function planText(plans: readonly Planned[], proxyKey: string, t: Translate): string {
  return plans
    .map((plan) =>
      [
        plan.isNew
          ? t('Keywheel creates {0} with this:', plan.file)
          : t(
              'Keywheel adds this to {0}. The rest of the file stays; a backup is kept next to it.',
              plan.file,
            ),
        ...(plan.narrows
          ? [t('Other users of this machine can read this file now; afterwards they cannot.')]
          : []),
        ...plan.outranking.map((name) =>
          t('Warning: {0} overrides it. While it is set, requests do not reach Keywheel.', name),
        ),
        '',
        ...planLines(plan, proxyKey, t),
      ].join('\n'),
    )
    .join('\n\n');
}

/** The new values as indented lines, like in the file. */
function planLines({ changes }: Planned, proxyKey: string, t: Translate): string[] {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const { path, value, replaces } of changes) {
    if (value === undefined) {
      lines.push(t('{0} is removed', pathText(path)));
      continue;
    }
    const steps = path.map((step) => (typeof step === 'string' ? step : `- ${step.item}`));
    const above = steps.slice(0, -1);
    const differs = above.findIndex((step, depth) => open[depth] !== step);
    for (let depth = differs < 0 ? above.length : differs; depth < above.length; depth++)
      lines.push(`${indent(depth)}${above[depth] ?? ''}:`);
    open = above;
    const own = valueLines(steps.at(-1) ?? '', value, above.length).map((line) =>
      line.replaceAll(proxyKey, 'kw-…'),
    );
    lines.push(...(replaces ? own.map((line) => t('{0} (replaces the current value)', line)) : own));
  }
  return lines;
}

/** No-break spaces, because dialogs remove other spaces at the beginning of a line. */
function indent(depth: number): string {
  return '\u00a0\u00a0'.repeat(depth);
}

function valueLines(name: string, value: Json, depth: number): string[] {
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length === 0) return [`${indent(depth)}${name}: ${JSON.stringify(value)}`];
  return [
    `${indent(depth)}${name}:`,
    ...entries.flatMap(([inner, each]) => valueLines(inner, each, depth + 1)),
  ];
}

/** The steps to configure the client by hand. */
export const stepsByHand = wordsFor<ClientId, readonly string[]>({
  vscodeChat: (t) => [
    t('In the chat’s model picker, select Manage Models, then Add Models, then Custom Endpoint.'),
    valuesStep(t),
  ],
  continue: (t) => [
    t(
      'Open Continue’s configuration on your own machine: select the gear in Continue, then Configs, then the gear next to Local Config.',
    ),
    t(
      'Add a model with provider “openrouter”, apiBase set to the OpenAI-compatible base URL, and apiKey set to the proxy key.',
    ),
  ],
  cline: (t) => [t('Select the gear in Cline, then the provider “OpenAI Compatible”.'), valuesStep(t)],
  roo: openRouterSteps,
  zoo: openRouterSteps,
  kilo: openRouterSteps,
  claudeCode: (t) => [
    t(
      'Set ANTHROPIC_BASE_URL to the Anthropic-compatible base URL and ANTHROPIC_AUTH_TOKEN to the proxy key, and leave ANTHROPIC_API_KEY empty.',
    ),
  ],
  codex: (t) => [
    t(
      'In config.toml, add a model provider with the base URL for the Responses API and the proxy key, and select it with model_provider. With a free model also set web_search to disabled, as OpenRouter charges for the search.',
    ),
  ],
  opencode: (t) => [
    t(
      'In opencode.json, set baseURL and apiKey of the provider “openrouter” to the OpenAI-compatible base URL and the proxy key.',
    ),
  ],
  qwenCode: (t) => [
    t(
      'In ~/.qwen/settings.json, add a model with the OpenAI-compatible base URL to modelProviders.openai, and the proxy key to env.',
    ),
  ],
  pi: (t) => [
    t(
      'In ~/.pi/agent/models.json, add a provider with the OpenAI-compatible base URL, the api “openai-completions” and the proxy key.',
    ),
  ],
});

function valuesStep(t: Translate): string {
  return t(
    'Enter the OpenAI-compatible base URL, the proxy key as API key, and a model such as {0}.',
    'openrouter/free',
  );
}

function openRouterSteps(t: Translate): readonly string[] {
  return [
    t('Open the extension’s settings and select the provider “OpenRouter”.'),
    t('Check “Use custom base URL”, then enter the OpenAI-compatible base URL and the proxy key.'),
    t('Select a model and save.'),
  ];
}

/** The step that is left to the user in the client after it was connected, or null. */
export const afterConnecting = wordsFor<ClientId, string | null>({
  cline: (t) => t('Reload the window now: Cline would otherwise write its old provider and model back.'),
  claudeCode: restart,
  codex: restart,
  kilo: restart,
  opencode: restart,
  zoo: () => null,
  qwenCode: restart,
  pi: restart,
  vscodeChat: (t) => t('Select one of its models in the chat’s model picker.'),
  continue: (t) => t('In Continue, select the model “Keywheel”.'),
  roo: () => null,
});

function restart(t: Translate): string {
  return t('Restart the client to use it.');
}

/** A warning about a client that does not use the chosen model, with advice. */
export function otherModelText(
  { client, model, class: requestClass }: AskedModel,
  chosen: string,
  needsReload: boolean,
  t: Translate,
): { readonly text: string; readonly advice: string } {
  const text =
    requestClass === 'paid'
      ? t('{0} asked for {1}, a paid model, instead of {2}, which you selected.', client, model, chosen)
      : t('{0} asked for {1} instead of {2}, which you selected.', client, model, chosen);
  const advice = needsReload
    ? t('Reload the window so that it reads its settings again.')
    : t('Select the model in the client, restart the client, or connect it again.');
  return { text, advice };
}

/** A model that has ended, its users, and the model that can take its place. */
export function endedModelText(
  { model, users, isConfirmed, successor, isPaid }: EndedModel,
  t: Translate,
): string {
  const ended = isConfirmed
    ? t('OpenRouter has ended the model {0}, which is used by {1}.', model, users.join(', '))
    : t('OpenRouter’s list lacks the model {0}, which is used by {1}.', model, users.join(', '));
  const next = isPaid
    ? t('{0}, a paid model, can take its place.', successor)
    : t('{0} can take its place.', successor);
  return `Keywheel: ${ended} ${next}`;
}

export const stateText = wordsFor<ConnectionState>({
  current: (t) => t('connected'),
  outranked: (t) => t('connected, but another setting overrides it'),
  outdated: (t) => t('connected with an older address or key'),
  changed: (t) => t('was connected; settings changed since'),
  missing: (t) => t('was connected; its configuration file is missing'),
  damaged: (t) => t('connected; its configuration file is invalid'),
  unknown: (t) => t('connected; state unknown'),
});

export const terminalText = wordsFor<TerminalClient>({
  openai: (t) => t('Programs for OpenAI’s API'),
  claudeCode: () => 'Claude Code',
  copilot: () => 'Copilot CLI',
  openrouter: (t) => t('Programs for OpenRouter'),
});

/** One line per record, with the file. */
export function connectionLines(records: readonly ConnectionRecord[]): readonly string[] {
  return records.map((record) => {
    const { name } = clientOf(record.client);
    return record.way === 'file' ? `${name}: ${record.file}` : name;
  });
}

/** A sentence for each result: restored, no longer ours, changed since, or failed and why. */
export function disconnectedText(done: readonly Disconnected[], t: Translate): string {
  const failed = done.filter(({ error }) => error !== null);
  const changed = done.filter(({ error, undone }) => error === null && undone === 'changed');
  const gone = done.filter(({ error, undone }) => error === null && undone === 'left');
  const freed = done.filter((one) => ![...failed, ...gone, ...changed].includes(one));
  // A client with several files is named once: as disconnected, if any of them was restored.
  const left = gone.filter(({ client }) => !freed.some((other) => other.client === client));
  return joined(
    ' ',
    freed.length > 0 && t('Disconnected: {0}.', namesOf(freed)),
    left.length > 0 && t('Already disconnected: {0}.', namesOf(left)),
    changed.length > 0 && t('Left unchanged, because you edited it: {0}.', namesOf(changed)),
    ...failed.map(({ client, error }) =>
      error instanceof ConfigError
        ? problemText(error, t)
        : t('{0} could not be disconnected. See the log.', clientOf(client).name),
    ),
  );
}

function namesOf(some: readonly Disconnected[]): string {
  return [...new Set(some.map(({ client }) => clientOf(client).name))].join(', ');
}
