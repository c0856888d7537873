/** The choice among VS Code's own extensions. */
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import type { CodeServer } from './codeServer';
import type { Sandbox } from './sandbox';

/** The themes, and the grammars of files that tests open. All others cost each window seconds. */
const LOOKS = ['theme-defaults', 'theme-modern-icons', 'json', 'yaml', 'markdown-basics'];

/** The parameter by which VS Code's server has none of its own extensions but those. */
export function onlyLooks({ extensionsPath }: CodeServer, sandbox: Sandbox): string {
  const folder = sandbox.folder('own-extensions');
  for (const name of LOOKS) symlinkSync(path.join(extensionsPath, name), path.join(folder, name), 'junction');
  return `--builtin-extensions-dir=${folder}`;
}
