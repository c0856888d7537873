import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadHostSecret } from '../../../src/hosting/hostSecret';

describe('loadHostSecret', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'keywheel-secret-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes both once, for this user alone, and leaves nothing else', () => {
    const first = loadHostSecret(path.join(folder, 'deep'));
    assert.equal(first.secret.length, 32);
    assert.match(first.machineId, /^[0-9a-f]{32}$/);
    assert.deepEqual(loadHostSecret(path.join(folder, 'deep')), first);
    const files = readdirSync(path.join(folder, 'deep'));
    assert.deepEqual(files.sort(), ['host-secret', 'machine-id']);
    for (const file of files) assert.equal(statSync(path.join(folder, 'deep', file)).mode & 0o777, 0o600);
  });

  it('closes a file that others could read', () => {
    loadHostSecret(folder);
    chmodSync(path.join(folder, 'host-secret'), 0o644);
    loadHostSecret(folder);
    assert.equal(statSync(path.join(folder, 'host-secret')).mode & 0o777, 0o600);
  });

  it('makes a file anew that has another size, so that windows share the proxy after a power loss', () => {
    const made = loadHostSecret(folder);
    writeFileSync(path.join(folder, 'host-secret'), '');
    const again = loadHostSecret(folder);
    assert.equal(again.secret.length, 32);
    assert.equal(again.machineId, made.machineId);
    assert.deepEqual(loadHostSecret(folder), again);
  });
});
