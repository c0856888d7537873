// The page that the browser shows after the redirect from OpenRouter; no script and nothing to load.

/** An HTML document in the browser's preferred colour scheme; both texts are plain text. */
export function signInPage(title: string, text: string): string {
  return `<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8" />
    <title>Keywheel</title>
    <style>
      :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
      main { margin: 20vh auto 0; max-width: 30em; padding: 0 1em; text-align: center; }
    </style>
  </head>
  <body>
    <main>
      <h1>${escaped(title)}</h1>
      <p>${escaped(text)}</p>
    </main>
  </body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
