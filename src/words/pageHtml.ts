// The HTML documents of this extension: text pages with buttons, the dashboard, and the pages that end a sign-in; does not
// import vscode, so that escaping and policy can be tested.

/** `warn`: may become a problem · `bad`: is a problem. */
export type Tone = 'good' | 'note' | 'warn' | 'bad';

export interface PageButton {
  readonly label: string;
  /** Posted when the button is pressed. */
  readonly action: string;
}

export type PageBlock =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'steps'; readonly steps: readonly string[] }
  /** Checks without problems. */
  | { readonly kind: 'ticks'; readonly texts: readonly string[] }
  | { readonly kind: 'value'; readonly name: string; readonly value: string; readonly button: PageButton }
  | {
      readonly kind: 'finding';
      readonly tone: Tone;
      /** The tone as text, because color alone is not accessible. */
      readonly toneText: string;
      readonly text: string;
      readonly advice: string | null;
      readonly buttons: readonly PageButton[];
    }
  | { readonly kind: 'buttons'; readonly buttons: readonly PageButton[] };

export interface PageContent {
  readonly title: string;
  readonly blocks: readonly PageBlock[];
}

/** The values that a document needs from its webview. */
export interface Frame {
  readonly locale: string;
  /** The origin of style sheets that the policy allows. */
  readonly cspSource: string;
  /** The address of a file of the extension. */
  readonly local: (...path: readonly string[]) => string;
  /** Random for each document. */
  readonly nonce: string;
}

/** A document with our style sheet and one script, which posts the pressed button's action. */
export function pageHtml({ title, blocks }: PageContent, frame: Frame): string {
  const { locale, cspSource, local, nonce } = frame;
  const body = `<main>
      <h1>${escaped(title)}</h1>
      ${blocks.map(blockHtml).join('\n      ')}
    </main>
    <script nonce="${nonce}">${script}</script>`;
  const head = [policyOf(`style-src ${cspSource}`, nonce), viewport, styleLink(local('media', 'page.css'))];
  return documentHtml(locale, title, head, body);
}

/** A document that may load only our script, our style sheets and the icon font; nothing inline. */
export function dashboardHtml({ locale, cspSource, local, nonce }: Frame): string {
  const head = [
    policyOf(`style-src ${cspSource}; font-src ${cspSource}`, nonce),
    viewport,
    styleLink(local('dist', 'webview', 'codicon.css'), ' id="vscode-codicon-stylesheet"'),
    styleLink(local('dist', 'webview', 'uplot.css')),
    styleLink(local('media', 'dashboard.css')),
  ];
  const script = escaped(local('dist', 'webview', 'dashboard.js'));
  const body = `<main id="dashboard"></main>
    <script nonce="${nonce}" src="${script}"></script>`;
  return documentHtml(locale, 'Keywheel', head, body);
}

export const viewport = '<meta name="viewport" content="width=device-width, initial-scale=1" />';

export function styleLink(href: string, more = ''): string {
  return `<link rel="stylesheet" href="${escaped(href)}"${more} />`;
}

/** `sources`: directives of the policy besides the script with the nonce. */
function policyOf(sources: string, nonce: string): string {
  const policy = `default-src 'none'; ${sources}; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`;
  return `<meta http-equiv="Content-Security-Policy" content="${policy}" />`;
}

/** `head` and `body` are HTML, the title is plain text. */
export function documentHtml(locale: string, title: string, head: readonly string[], body: string): string {
  return `<!DOCTYPE html>
<html lang="${escaped(locale)}">
  <head>
    <meta charset="utf-8" />
    ${head.join('\n    ')}
    <title>${escaped(title)}</title>
  </head>
  <body>
    ${body}
  </body>
</html>
`;
}

const script = `
const vscode = acquireVsCodeApi();
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button) vscode.postMessage({ action: button.dataset.action });
});`;

function blockHtml(block: PageBlock): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${escaped(block.text)}</h2>`;
    case 'paragraph':
      return `<p>${escaped(block.text)}</p>`;
    case 'steps':
      return `<ol>${block.steps.map((step) => `<li>${escaped(step)}</li>`).join('')}</ol>`;
    case 'ticks':
      return `<ul class="ticks">${block.texts.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>`;
    case 'value':
      return `<div class="value"><span class="name">${escaped(block.name)}</span> <code>${escaped(block.value)}</code> ${buttonHtml(block.button, block.name)}</div>`;
    case 'finding':
      return findingHtml(block);
    case 'buttons':
      return buttonsHtml(block.buttons);
  }
}

function findingHtml({ tone, toneText, text, advice, buttons }: PageBlock & { kind: 'finding' }): string {
  const said = advice === null ? '' : `<p class="advice">${escaped(advice)}</p>`;
  const offered = buttons.length === 0 ? '' : buttonsHtml(buttons);
  return `<section class="finding" data-tone="${tone}"><p><strong>${escaped(toneText)}</strong> ${escaped(text)}</p>${said}${offered}</section>`;
}

function buttonsHtml(buttons: readonly PageButton[]): string {
  return `<div class="buttons">${buttons.map((button) => buttonHtml(button)).join(' ')}</div>`;
}

/** `about` completes the label for screen readers. */
function buttonHtml({ label, action }: PageButton, about = ''): string {
  const name = about === '' ? '' : ` aria-label="${escaped(`${label}: ${about}`)}"`;
  return `<button type="button" data-action="${escaped(action)}"${name}>${escaped(label)}</button>`;
}

/** The page after a sign-in's redirect, in the browser's color scheme; loads nothing and has no script. Texts are plain. */
export function signInPage(locale: string, title: string, text: string): string {
  const style = `<style>
      :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
      main { margin: 20vh auto 0; max-width: 30em; padding: 0 1em; text-align: center; }
    </style>`;
  const body = `<main>
      <h1>${escaped(title)}</h1>
      <p>${escaped(text)}</p>
    </main>`;
  return documentHtml(locale, 'Keywheel', [style], body);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
