// Roo Code: a profile, made by what its extension exports; its settings are in VS Code's secrets, in no file.
import * as v from 'valibot';
import { openAiBaseUrl, type Endpoint, type ExtensionClient } from './client';

export const rooClient: ExtensionClient = {
  id: 'roo',
  name: 'Roo Code',
  extensionIds: ['RooVeterinaryInc.roo-cline'],
  way: 'extension',
  hasOwnModels: false,
  traces: () => [],
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

/** What the extension exports, or null where that is not (or no longer) what we know. */
export function rooApi(exports: unknown): RooApi | null {
  const parsed = v.safeParse(apiSchema, exports);
  // The methods need their own object.
  return parsed.success ? (exports as RooApi) : null;
}

/** The profile is there and active. Resolves with the name of the one that was active before, or null. */
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

/** The profile is gone; where it was the active one, the earlier one is active again. False if there was none of ours. */
export async function disconnectRoo(api: RooApi, earlier: string | null): Promise<boolean> {
  const profiles = api.getProfiles();
  if (!Array.isArray(profiles) || !profiles.includes(rooProfileName)) return false;
  const isActive = api.getActiveProfile() === rooProfileName;
  if (isActive && earlier !== null && profiles.includes(earlier)) await api.setActiveProfile(earlier);
  await api.deleteProfile(rooProfileName);
  return true;
}
