// The dashboard's HTML; does not import vscode, so that its policy can be tested.

export interface DashboardHtml {
  readonly locale: string;
  /** The origin of styles that the policy allows. */
  readonly cspSource: string;
  readonly scriptUri: string;
  readonly styleUri: string;
  /** The style sheets of the icon font and of the charts. */
  readonly iconsUri: string;
  readonly chartsUri: string;
  /** Random for each document. */
  readonly nonce: string;
}

/** A document that may load only our script, our style sheets and the icon font; nothing inline. */
export function dashboardHtml(parts: DashboardHtml): string {
  const { locale, cspSource, scriptUri, styleUri, iconsUri, chartsUri, nonce } = parts;
  const policy = `default-src 'none'; style-src ${cspSource}; font-src ${cspSource}; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`;
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
