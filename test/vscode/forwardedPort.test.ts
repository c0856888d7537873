/** VS Code forwards the proxy's port from a remote window silently, as the extension asks. */
import assert from 'node:assert/strict';
import { workspace } from 'vscode';

describe('the forwarded port', () => {
  it('is opened without a notification', () => {
    const attributes = workspace
      .getConfiguration('remote')
      .inspect<Record<string, unknown>>('portsAttributes')?.defaultValue;
    assert.deepEqual(attributes?.['9999'], { label: 'Keywheel', onAutoForward: 'silent', protocol: 'http' });
  });
});
