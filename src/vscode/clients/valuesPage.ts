// The page with base URLs, the proxy key and curl lines for any client.
import { commands, env, l10n, Uri } from 'vscode';
import type { ClientId } from '../../clients/client';
import { clientOf } from '../../clients/clientList';
import { freeRouter } from '../../clients/modelList';
import { apiForms, baseUrlOf, curlLine, formClients, type ApiForm } from '../../clients/values';
import type { PageBlock, PageContent } from '../../words/pageHtml';
import type { PageActions } from '../textPage';
import { stepsByHand } from '../../words/clientWords';
import { copy } from '../messages';
import type { WindowPorts } from '../ports';
import { originOf } from './endpoint';

/** For a client that is configured by hand (null: any other one); `sentence` explains why. */
export async function showValues(
  ports: WindowPorts,
  id: ClientId | null,
  sentence: string | null = null,
): Promise<true> {
  const origin = await seenOrigin(ports, id);
  const name = id === null ? l10n.t('Any Other Client') : clientOf(id).name;
  const content: PageContent = {
    title: l10n.t('Connect {0}', name),
    blocks: [
      ...(sentence === null ? [] : [paragraph(sentence)]),
      ...(id === null ? [] : [{ kind: 'steps', steps: stepsByHand(id, l10n.t) } as const]),
      ...apiForms.map((form) => valueBlock(form, origin)),
      {
        kind: 'value',
        name: l10n.t('Proxy key'),
        value: 'kw-…',
        button: { label: l10n.t('Copy'), action: 'copyKey' },
      },
      ...(id === null ? whichBase() : []),
      { kind: 'heading', text: l10n.t('Try it in a shell') },
      paragraph(l10n.t('Copying includes your proxy key.')),
      ...apiForms.map((form) => curlBlock(form, origin)),
    ],
  };
  ports.page.show(content, actionsOf(ports, origin));
  return true;
}

function paragraph(text: string): PageBlock {
  return { kind: 'paragraph', text };
}

/** Which base URL fits which known client. */
function whichBase(): readonly PageBlock[] {
  const lines = formClients.map(({ form, names }) =>
    l10n.t('{0} (not tested): {1}', formNames[form]()[0], names.join(', ')),
  );
  const cursor = l10n.t(
    'Cursor sends requests from its own servers, which cannot reach this machine. It cannot use the proxy.',
  );
  return [
    { kind: 'heading', text: l10n.t('Which base URL for which client') },
    ...[...lines, cursor].map(paragraph),
  ];
}

function valueBlock(form: ApiForm, origin: string): PageBlock {
  const button = { label: l10n.t('Copy'), action: `copy.${form}` };
  return { kind: 'value', name: formNames[form]()[0], value: baseUrlOf(form, origin), button };
}

function curlBlock(form: ApiForm, origin: string): PageBlock {
  const value = curlLine(form, { origin, key: '…', model: freeRouter });
  const button = { label: l10n.t('Copy'), action: `curl.${form}` };
  return { kind: 'value', name: formNames[form]()[1], value, button };
}

const formNames: Readonly<Record<ApiForm, () => readonly [ofBaseUrl: string, short: string]>> = {
  openai: () => [l10n.t('OpenAI-compatible base URL'), l10n.t('OpenAI')],
  anthropic: () => [l10n.t('Anthropic-compatible base URL'), l10n.t('Anthropic')],
};

function actionsOf({ keyring }: WindowPorts, origin: string): PageActions {
  const copies = apiForms.flatMap((form) => [
    [`copy.${form}`, async () => await copy(baseUrlOf(form, origin), l10n.t('Copied'))] as const,
    [
      `curl.${form}`,
      async () => {
        const key = keyring.proxyKey;
        if (key !== null) await copy(curlLine(form, { origin, key, model: freeRouter }), l10n.t('Copied'));
      },
    ] as const,
  ]);
  const copyKey = async (): Promise<unknown> => await commands.executeCommand('keywheel.copyProxyKey');
  return { ...Object.fromEntries(copies), copyKey };
}

/** Continue runs on the user's machine, so it needs the port that VS Code forwards. */
async function seenOrigin(ports: WindowPorts, id: ClientId | null): Promise<string> {
  const origin = originOf(ports);
  if (id !== 'continue') return origin;
  const external = await env.asExternalUri(Uri.parse(origin));
  return external.toString(true).replace(/\/+$/, '');
}
