// The browser's script of /docs: shows the proxy's own API document in Swagger UI, and loads nothing from other hosts.
declare const SwaggerUIBundle: (options: Readonly<Record<string, unknown>>) => unknown;

/** Attributes that screen readers need and that Swagger UI leaves out. */
const missing: readonly (readonly [selector: string, attribute: string, value: string])[] = [
  ['.information-container', 'role', 'banner'],
  ['.scheme-container', 'role', 'region'],
  ['.scheme-container', 'aria-label', 'Authorization'],
  ['.modal-ux', 'role', 'dialog'],
  ['.modal-ux', 'aria-label', 'Authorization'],
  ['.close-modal', 'aria-label', 'Close'],
  ['.auth.authorize', 'aria-label', 'Authorize'],
  ['textarea.body-param__text', 'aria-label', 'Request body'],
  ['.body-param-content-type select', 'aria-label', 'Media type of the request'],
  ['.responses-wrapper select', 'aria-label', 'Media type of the answer'],
  ['pre.microlight', 'tabindex', '0'],
  // The viewer's headings skip the second level.
  ['h3', 'aria-level', '2'],
  ['h4', 'aria-level', '3'],
  ['h5', 'aria-level', '4'],
];

const dark = window.matchMedia('(prefers-color-scheme: dark)');

function setScheme(): void {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
}

function complete(): void {
  for (const [selector, attribute, value] of missing)
    for (const found of document.querySelectorAll(selector))
      if (found.getAttribute(attribute) !== value) found.setAttribute(attribute, value);
}

setScheme();
dark.addEventListener('change', setScheme);
new MutationObserver(complete).observe(document.body, { childList: true, subtree: true });
SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#docs',
  validatorUrl: null,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: -1,
  syntaxHighlight: false,
});
