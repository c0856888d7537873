import assert from 'node:assert/strict';
import { dashboardHtml } from '../../../src/words/pageHtml';

const html = dashboardHtml({
  locale: 'en',
  cspSource: 'https://*.vscode-cdn.net',
  local: (...path) => `https://a.vscode-cdn.net/${path.join('/')}`,
  nonce: 'bm9uY2U=',
});

describe('dashboardHtml', () => {
  it('allows our style sheets, their font, the script of this nonce, and nothing else', () => {
    const [, policy] = /Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
    assert.equal(
      policy,
      "default-src 'none'; style-src https://*.vscode-cdn.net; font-src https://*.vscode-cdn.net; " +
        "script-src 'nonce-bm9uY2U='; base-uri 'none'; form-action 'none'",
    );
  });

  it('has no inline script, style or handler', () => {
    assert.deepEqual(
      [...html.matchAll(/<script[^>]*>([^<]*)<\/script>/g)].map(([, body]) => body),
      [''],
    );
    assert.doesNotMatch(html, /<style|style=| on\w+=|javascript:/);
  });
});
