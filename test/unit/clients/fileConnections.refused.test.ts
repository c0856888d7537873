/** What the system refuses is said like all else that keeps a file from being written, with the values to put in by hand. */
import assert from 'node:assert/strict';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { claudeCodeClient } from '../../../src/clients/claudeCode';
import type { Endpoint } from '../../../src/clients/client';
import { ConfigError, type ConfigProblem } from '../../../src/clients/configFile';
import { TemporaryHome } from './temporaryHome';

const endpoint: Endpoint = {
  origin: 'http://127.0.0.1:9999',
  proxyKey: 'kw-0123456789abcdef01234567',
  model: 'openrouter/free',
};
const nobody = 65534;

/** The superuser may read and write all: then as somebody who may not. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(nobody);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

async function refuses(home: TemporaryHome, code: ConfigProblem): Promise<void> {
  await assert.rejects(home.connections.connect(claudeCodeClient, endpoint), (error: unknown) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

describe('a file that the system refuses', () => {
  const forbidden = process.platform === 'win32' ? it.skip : it;

  forbidden('may not be written: neither it nor its folder', async () => {
    await using home = await TemporaryHome.make();
    await chmod(home.folder, 0o755);
    await mkdir(home.recordsFolder, { recursive: true });
    await chmod(home.recordsFolder, 0o777);
    const file = await home.write('.claude/settings.json', '{}\n', 0);
    await asNobody(async () => await refuses(home, 'readOnly'));
    await chmod(file, 0o644);
    await chmod(path.dirname(file), 0o555);
    await asNobody(async () => await refuses(home, 'readOnly'));
    await chmod(path.dirname(file), 0o755);
  });

  it('has a file in the place of its folder, or is a link to itself', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.claude', 'x');
    await refuses(home, 'inTheWay');
    await using other = await TemporaryHome.make();
    const file = path.join(other.folder, '.claude/settings.json');
    await mkdir(path.dirname(file));
    await symlink(file, file);
    await refuses(other, 'inTheWay');
  });
});
