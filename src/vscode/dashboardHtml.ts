// The dashboard's document; no vscode, so that its policy can be tested.

export interface DashboardHtml {
  readonly locale: string;
  /** Whence the webview may load styles. */
  readonly cspSource: string;
  readonly scriptUri: string;
  readonly styleUri: string;
  /** The style sheets of the icon font and of the charts. */
  readonly iconsUri: string;
  readonly chartsUri: string;
  /** Random, one a document. */
  readonly nonce: string;
}

/** A document that loads our script, our style sheets and the icon font and nothing else, with nothing inline. */
export function dashboardHtml(parts: DashboardHtml): string {
  const { locale, cspSource, scriptUri, styleUri, iconsUri, chartsUri, nonce } = parts;
  const policy = `default-src 'none'; style-src ${cspSource}; font-src ${cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="${locale}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${iconsUri}" id="vscode-codicon-stylesheet" />
    <link rel="stylesheet" href="${chartsUri}" />
    <link rel="stylesheet" href="${styleUri}" />
    <title>Keywheel</title>
  </head>
  <body>
    <main id="dashboard"></main>
    <script nonce="${nonce}" src="${scriptUri}"></script>
  </body>
</html>
`;
}
