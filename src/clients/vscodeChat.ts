// VS Code's chat by its model provider Custom Endpoint, for a proxy on a server: VS Code adds a group of models to a list that each
// profile has, and keeps the key in its secrets. Only the group is undone; VS Code alone can remove the key.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ClientFile, FileClient, Places } from './client';
import { jsonListFormat } from './jsonFormat';

/** The heading of the models in VS Code's picker, which also lists Keywheel's own models. */
export const groupName = 'Keywheel Server';

const fileName = 'chatLanguageModels.json';
const group = [{ item: groupName }];
const models = ['models'];

export const vscodeChatClient: FileClient = {
  id: 'vscodeChat',
  name: 'VS Code Chat by Custom Endpoint',
  extensionIds: [],
  way: 'file',
  format: jsonListFormat,
  hasOwnModels: true,
  // The group is recognized by its models or its key, as the user may change either.
  units: [models, ['apiKey']].map((part) => ({ path: group, key: part, address: part })),
  choices: [[...group, ...models]],
  traces: () => [],
  file: ({ home, vscodeFolder = home }) => path.join(vscodeFolder, fileName),
  changes: () => [],
};

/** The files of the default profile and of all other profiles, each of these with its profile's folder as `part`. */
export async function filesOfProfiles({ vscodeFolder = '' }: Places): Promise<readonly ClientFile[]> {
  const profiles = path.join(vscodeFolder, 'profiles');
  const names = await readdir(profiles).catch(() => []);
  const others = names.map((part) => {
    const file = path.join(profiles, part, fileName);
    return { ...vscodeChatClient, part, file: () => file };
  });
  return [vscodeChatClient, ...others];
}
