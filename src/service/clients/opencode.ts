// opencode: its user-wide configuration.
import type { FileClient } from './client';
import { jsonFormat } from './jsonFormat';
import { configFolder, openCodeChanges, presentFile } from './openCodeConfig';

export const opencodeClient: FileClient = {
  id: 'opencode',
  name: 'opencode',
  extensionIds: ['sst-dev.opencode'],
  way: 'file',
  format: jsonFormat,
  hasOwnModels: false,
  traces: (places) => [configFolder(places, 'opencode')],
  file: (places) =>
    places.env.OPENCODE_CONFIG ??
    presentFile(places, configFolder(places, 'opencode'), ['opencode.jsonc', 'opencode.json']),
  changes: openCodeChanges,
};
