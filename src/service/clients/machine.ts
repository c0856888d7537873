// The places of the machine that this process runs on.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Places } from './client';

/** The home and the environment as they are now. */
export function thisMachine(): Places {
  return { home: homedir(), env: process.env, exists: existsSync };
}
