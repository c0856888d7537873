// Roo Code, and its successor Zoo Code: a profile made through the extension's API, because its settings are in VS Code's secrets.
import * as v from 'valibot';
import { openAiBaseUrl, type Endpoint, type ExtensionClient } from './client';

export const zooClient: ExtensionClient = {
  id: 'zoo',
  name: 'Zoo Code',
  extensionIds: ['ZooCodeOrganization.zoo-code'],
  way: 'extension',
  traces: () => [],
};

export const rooClient: ExtensionClient = {
  ...zooClient,
  id: 'roo',
  name: 'Roo Code',
  extensionIds: ['RooVeterinaryInc.roo-cline'],
  isEnded: true,
};

export const rooProfileName = 'Keywheel';

const method = v.custom<(...args: unknown[]) => unknown>((value) => typeof value === 'function');

const apiSchema = v.looseObject({
  getProfiles: method,
  upsertProfile: method,
  deleteProfile: method,
  getActiveProfile: method,
  setActiveProfile: method,
});

export type RooApi = v.InferOutput<typeof apiSchema>;

/** The extension's API, or null if it has another shape. */
export function rooApi(exports: unknown): RooApi | null {
  const parsed = v.safeParse(apiSchema, exports);
  // The original object is returned, because its methods need their `this`.
  return parsed.success ? (exports as RooApi) : null;
}

/** Creates and activates the profile. Resolves to the name of the previously active profile, or null. */
export async function connectRoo(api: RooApi, endpoint: Endpoint): Promise<string | null> {
  const before = api.getActiveProfile();
  await api.upsertProfile(
    rooProfileName,
    {
      apiProvider: 'openrouter',
      openRouterApiKey: endpoint.proxyKey,
      openRouterBaseUrl: openAiBaseUrl(endpoint.origin),
      openRouterModelId: endpoint.model ?? '',
    },
    true,
  );
  return typeof before === 'string' && before !== rooProfileName ? before : null;
}

/** Deletes the profile and, if it was active, activates the earlier one. Resolves to false if there was no such profile. */
export async function disconnectRoo(api: RooApi, earlier: string | null): Promise<boolean> {
  const profiles = api.getProfiles();
  if (!Array.isArray(profiles) || !profiles.includes(rooProfileName)) return false;
  const isActive = api.getActiveProfile() === rooProfileName;
  if (isActive && earlier !== null && profiles.includes(earlier)) await api.setActiveProfile(earlier);
  await api.deleteProfile(rooProfileName);
  return true;
}
