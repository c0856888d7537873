// The common parts of our panels: the icon, the folders that their pages may load from, and the frame of their documents.
import { randomBytes } from 'node:crypto';
import { env, Uri, type WebviewPanel } from 'vscode';
import type { Frame } from '../words/pageHtml';

/** Sets the panel's icon and lets it run our scripts; returns the frame of its document. */
export function frameOf(panel: WebviewPanel, extensionUri: Uri): Frame {
  const { webview } = panel;
  const uri = (...path: readonly string[]): Uri => Uri.joinPath(extensionUri, ...path);
  panel.iconPath = { light: uri('media', 'key-light.svg'), dark: uri('media', 'key-dark.svg') };
  webview.options = { enableScripts: true, localResourceRoots: [uri('media'), uri('dist', 'webview')] };
  return {
    locale: env.language,
    cspSource: webview.cspSource,
    local: (...path) => webview.asWebviewUri(uri(...path)).toString(),
    nonce: randomBytes(16).toString('base64'),
  };
}
