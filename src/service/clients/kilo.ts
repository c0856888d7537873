// Kilo Code: its user-wide configuration, since it grew out of opencode. (Older versions keep theirs in VS Code's secrets.)
import type { FileClient } from './client';
import { jsonFormat } from './jsonFormat';
import { configFolder, openCodeChanges, presentFile } from './openCodeConfig';

export const kiloClient: FileClient = {
  id: 'kilo',
  name: 'Kilo Code',
  extensionIds: ['kilocode.kilo-code'],
  way: 'file',
  format: jsonFormat,
  hasOwnModels: false,
  traces: (places) => [configFolder(places, 'kilo')],
  file: (places) =>
    places.env.KILO_CONFIG ?? presentFile(places, configFolder(places, 'kilo'), ['kilo.json', 'kilo.jsonc']),
  changes: openCodeChanges,
};
