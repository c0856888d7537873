// The shape that opencode and Kilo Code, which grew out of it, share.
import path from 'node:path';
import { openAiBaseUrl, type Endpoint, type Places } from './client';
import type { Change } from './configValue';

/** Their provider for OpenRouter, sent to the proxy; its models and prices are known to them. */
export function openCodeChanges({ origin, proxyKey, model }: Endpoint): readonly Change[] {
  const provider = ['provider', 'openrouter'];
  const name = model ?? '';
  return [
    { path: [...provider, 'options', 'baseURL'], value: openAiBaseUrl(origin) },
    { path: [...provider, 'options', 'apiKey'], value: proxyKey },
    { path: [...provider, 'models', name], value: {} },
    { path: ['model'], value: `openrouter/${name}` },
    { path: ['small_model'], value: `openrouter/${name}` },
  ];
}

/** The first of these files of the folder that is there; where there is none, the last one. The one that is read last comes first. */
export function presentFile(places: Places, folder: string, names: readonly string[]): string {
  const files = names.map((name) => path.join(folder, name));
  return files.find((file) => places.exists(file)) ?? files.at(-1) ?? folder;
}

/** On every system, Windows among them. */
export function configFolder({ home, env }: Places, name: string): string {
  return path.join(env.XDG_CONFIG_HOME ?? path.join(home, '.config'), name);
}
