// The page with base URLs, the proxy key and curl lines for any client.
import { env, l10n, Uri } from 'vscode';
import type { ClientId } from '../../clients/client';
import { clientOf } from '../../clients/clientList';
import { freeRouter } from '../../clients/modelList';
import { apiForms, baseUrlOf, curlLine, formClients, type ApiForm } from '../../clients/values';
import type { PageBlock } from '../../words/pageHtml';
import { stepsByHand } from '../../words/clientWords';
import { runAction } from '../actions';
import { copy } from '../messages';
import type { WindowPorts } from '../ports';
import { originOf } from './endpoint';

/** Shows the page for a client that is configured by hand (null: any other one); `sentence` explains why. */
export async function showValues(
  ports: WindowPorts,
  id: ClientId | null,
  sentence: string | null = null,
): Promise<true> {
  const origin = await seenOrigin(ports, id);
  const name = id === null ? l10n.t('Any Other Client') : clientOf(id).name;
  const actions: Record<string, () => Promise<unknown>> = {};
  const valueBlock = (title: string, value: string, onCopy: () => Promise<unknown>): PageBlock => {
    actions[title] = onCopy;
    return { kind: 'value', name: title, value, button: { label: l10n.t('Copy'), action: title } };
  };
  const blocks: readonly PageBlock[] = [
    ...(sentence === null ? [] : [paragraph(sentence)]),
    ...(id === null ? [] : [{ kind: 'steps', steps: stepsByHand(id, l10n.t) } as const]),
    ...apiForms.map((form) => {
      const url = baseUrlOf(form, origin);
      return valueBlock(formNames[form]()[0], url, async () => await copy(url, l10n.t('Copied')));
    }),
    valueBlock(l10n.t('Proxy key'), 'kw-…', async () => await runAction('copyProxyKey')),
    ...(id === null ? whichBase() : []),
    { kind: 'heading', text: l10n.t('Try it in a shell') },
    paragraph(l10n.t('Copying includes your proxy key.')),
    ...apiForms.map((form) => {
      const line = (key: string): string => curlLine(form, { origin, key, model: freeRouter });
      return valueBlock(formNames[form]()[1], line('…'), async () => {
        const key = ports.keyring.proxyKey;
        if (key !== null) await copy(line(key), l10n.t('Copied'));
      });
    }),
  ];
  ports.page.show({ title: l10n.t('Connect {0}', name), blocks }, actions);
  return true;
}

function paragraph(text: string): PageBlock {
  return { kind: 'paragraph', text };
}

/** The base URL that fits each known client. */
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

const formNames: Readonly<Record<ApiForm, () => readonly [ofBaseUrl: string, short: string]>> = {
  openai: () => [l10n.t('OpenAI-compatible base URL'), l10n.t('OpenAI')],
  anthropic: () => [l10n.t('Anthropic-compatible base URL'), l10n.t('Anthropic')],
};

/** Continue runs on the user's machine, so it needs the port that VS Code forwards. */
async function seenOrigin(ports: WindowPorts, id: ClientId | null): Promise<string> {
  const origin = originOf(ports);
  if (id !== 'continue') return origin;
  const external = await env.asExternalUri(Uri.parse(origin));
  return external.toString(true).replace(/\/+$/, '');
}
