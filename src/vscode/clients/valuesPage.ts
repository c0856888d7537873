// The page with what any client needs: base URLs in three forms, the proxy key to copy, a curl line each.
import { commands, env, l10n, Uri, window } from 'vscode';
import type { ClientId } from '../../service/clients/client';
import { clientOf } from '../../service/clients/clientList';
import { freeRouter } from '../../service/clients/modelList';
import { apiForms, baseUrlOf, curlLine, type ApiForm } from '../../service/clients/snippets';
import type { PageBlock, PageContent } from '../page/pageHtml';
import type { PageActions } from '../page/textPage';
import { stepsByHand } from './clientWords';
import { originOf, type ClientPorts } from './ports';

const shownMs = 3000;

/** For a client that is not written (null: any other one); `sentence` says why, or null. */
export async function showValues(
  ports: ClientPorts,
  id: ClientId | null,
  sentence: string | null,
): Promise<void> {
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
      { kind: 'heading', text: l10n.t('Try it in a shell') },
      paragraph(l10n.t('The copied line holds the proxy key.')),
      ...apiForms.map((form) => curlBlock(form, origin)),
    ],
  };
  ports.page.show(content, actionsOf(ports, origin));
}

function paragraph(text: string): PageBlock {
  return { kind: 'paragraph', text };
}

function valueBlock(form: ApiForm, origin: string): PageBlock {
  const button = { label: l10n.t('Copy'), action: `copy.${form}` };
  return { kind: 'value', name: formName(form), value: baseUrlOf(form, origin), button };
}

function curlBlock(form: ApiForm, origin: string): PageBlock {
  const value = curlLine(form, { origin, key: '…', model: freeRouter });
  return {
    kind: 'value',
    name: shortName(form),
    value,
    button: { label: l10n.t('Copy'), action: `curl.${form}` },
  };
}

function formName(form: ApiForm): string {
  switch (form) {
    case 'openai':
      return l10n.t('Base URL (OpenAI form)');
    case 'responses':
      return l10n.t('Base URL (Responses form)');
    case 'anthropic':
      return l10n.t('Base URL (Anthropic form)');
  }
}

function shortName(form: ApiForm): string {
  switch (form) {
    case 'openai':
      return l10n.t('OpenAI form');
    case 'responses':
      return l10n.t('Responses form');
    case 'anthropic':
      return l10n.t('Anthropic form');
  }
}

function actionsOf({ keyring }: ClientPorts, origin: string): PageActions {
  const copies = apiForms.flatMap((form) => [
    [`copy.${form}`, async () => await copy(baseUrlOf(form, origin))] as const,
    [
      `curl.${form}`,
      async () => {
        const key = keyring.proxyKey;
        if (key !== null) await copy(curlLine(form, { origin, key, model: freeRouter }));
      },
    ] as const,
  ]);
  const copyKey = async (): Promise<unknown> => await commands.executeCommand('keywheel.copyProxyKey');
  return { ...Object.fromEntries(copies), copyKey };
}

async function copy(text: string): Promise<void> {
  await env.clipboard.writeText(text);
  window.setStatusBarMessage(l10n.t('Copied'), shownMs);
}

/** Continue runs on the user's own machine: there the proxy is where VS Code forwards its port to. */
async function seenOrigin(ports: ClientPorts, id: ClientId | null): Promise<string> {
  const origin = originOf(ports);
  if (id !== 'continue') return origin;
  const external = await env.asExternalUri(Uri.parse(origin));
  return external.toString(true).replace(/\/+$/, '');
}
