// A text page with buttons; does not import vscode, so that escaping and policy can be tested.

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
      /** The tone as text, because colour alone is not accessible. */
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

export interface PageFrame {
  readonly locale: string;
  readonly cspSource: string;
  readonly styleUri: string;
  /** Random for each document. */
  readonly nonce: string;
}

/** A document with our style sheet and one script, which posts the pressed button's action. */
export function pageHtml(
  { title, blocks }: PageContent,
  { locale, cspSource, styleUri, nonce }: PageFrame,
): string {
  const policy = `default-src 'none'; style-src ${cspSource}; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`;
  return `<!DOCTYPE html>
<html lang="${escaped(locale)}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${escaped(styleUri)}" />
    <title>${escaped(title)}</title>
  </head>
  <body>
    <main>
      <h1>${escaped(title)}</h1>
      ${blocks.map(blockHtml).join('\n      ')}
    </main>
    <script nonce="${nonce}">${script}</script>
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

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
