/** The extension starts by itself, serves, and its API tells other extensions no secrets. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { extensions } from 'vscode';
import type { KeywheelExports } from '../../src/vscode/api';
import { extensionId, keywheelApi, statusThat } from './support/running';

describe('activation', () => {
  const dist = path.join(extensions.getExtension(extensionId)?.extensionPath ?? '', 'dist', path.sep);

  it('leads to a proxy that listens at the port that is set', async () => {
    const { baseUrl } = await statusThat('running', ({ proxy }) => proxy === 'running');
    assert.equal(baseUrl, 'http://127.0.0.1:28417/api/v1');
    const { status } = await fetch(new URL('/api', baseUrl), { method: 'HEAD' });
    assert.equal(status, 204);
  });

  it('reads no library that nobody has used yet', () => {
    const read = Object.keys(require.cache).filter((file) => file.startsWith(dist));
    assert.deepEqual(read, [path.join(dist, 'extension.js')]);
  });

  it('exports version 1 of the API and no other', async () => {
    const exports = extensions.getExtension<KeywheelExports>(extensionId)?.exports;
    assert.throws(() => exports?.getAPI(2), RangeError);
    assert.deepEqual(Object.keys(await keywheelApi()).sort(), ['onDidChangeStatus', 'status']);
  });

  it('exports no name, no key and no proxy key', async () => {
    const status = (await keywheelApi()).status();
    assert.deepEqual(Object.keys(status).sort(), [
      'accounts',
      'baseUrl',
      'freeLeft',
      'freeLimit',
      'keys',
      'proxy',
      'resetAtMs',
    ]);
  });
});
