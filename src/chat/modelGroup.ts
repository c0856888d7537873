// The group of models by which VS Code's provider Custom Endpoint asks a proxy.
import { openAiBaseUrl, type Endpoint } from '../clients/client';
import { groupName } from '../clients/vscodeChat';
import type { OfferedModel } from './offer';

/** What `lm.addLanguageModelsProviderGroup` takes. VS Code moves the key into its secrets. */
export function modelGroup(
  { origin, proxyKey }: Pick<Endpoint, 'origin' | 'proxyKey'>,
  models: readonly OfferedModel[],
): Readonly<Record<string, unknown>> {
  const url = `${openAiBaseUrl(origin)}/chat/completions`;
  return {
    vendor: 'customendpoint',
    name: groupName,
    apiKey: proxyKey,
    apiType: 'chat-completions',
    models: models.map(({ id, name, tools, images, maxInputTokens, maxOutputTokens }) => ({
      id,
      name,
      url,
      toolCalling: tools,
      vision: images,
      maxInputTokens,
      maxOutputTokens,
    })),
  };
}

/** The origin in what a user gives as the address of a proxy, with or without its path; null if it has none. */
export function originIn(address: string): string | null {
  const url = URL.canParse(address.trim()) ? new URL(address.trim()) : null;
  return url !== null && /^https?:$/.test(url.protocol)
    ? (url.origin + url.pathname).replace(/(?:\/api)?(?:\/v1)?\/*$/, '')
    : null;
}
