// What a proven window may ask of the host, each by a path of its own.
import * as v from 'valibot';
import type { KeywheelService } from '../service/keywheelService';
import type { ByeReason } from './hostEvents';
import { isNewer } from './identity';
import { keySetSchema } from '../service/keySet';
import type { Seal } from './proof';
import type { SharedKeys } from './sharedKeys';

export type CommandedService = Pick<
  KeywheelService,
  'checkKey' | 'refresh' | 'unlock' | 'forget' | 'recorder'
>;

export interface HostCommandPorts {
  readonly service: CommandedService;
  readonly keys: SharedKeys;
  readonly version: string;
  /** Tells all windows that what they have heard is not to be kept. */
  readonly tellForgotten: () => void;
  /** Gives the port free within the call and ends hosting. */
  readonly leave: (reason: ByeReason) => void;
}

export interface CommandAnswer {
  readonly status: number;
  readonly body: unknown;
}

type Command = (ports: HostCommandPorts, body: unknown, seal: Seal) => Promise<CommandAnswer>;

const done: CommandAnswer = { status: 200, body: {} };
const malformed: CommandAnswer = { status: 400, body: { error: { code: 'malformed' } } };

const sealedSchema = v.object({ sealed: v.string() });
const checkSchema = v.object({ key: v.string() });
const refreshSchema = v.object({ keyId: v.optional(v.string()) });
const unlockSchema = v.object({
  keyId: v.optional(v.string()),
  accountId: v.optional(v.string()),
  model: v.optional(v.string()),
});
const retireSchema = v.object({ version: v.string() });

/** Path below `/host/` → what it does. What `sealed` holds is opened here, and answers that hold secrets are sealed. */
const commands: Readonly<Record<string, Command>> = {
  /** A changed set of keys; 409 where the host has a newer one, which is in both answers. */
  keys: ({ keys }, body, seal) => {
    const set = v.safeParse(keySetSchema, opened('offerKeys', body, seal));
    if (!set.success) return Promise.resolve(malformed);
    const isTaken = keys.offer(set.output);
    return Promise.resolve({
      status: isTaken ? 200 : 409,
      body: { sealed: seal.close('knownKeys', keys.current) },
    });
  },
  'check-key': async ({ service }, body, seal) => {
    const asked = v.safeParse(checkSchema, opened('checkKey', body, seal));
    if (!asked.success) return malformed;
    return { status: 200, body: await service.checkKey(asked.output.key) };
  },
  refresh: async ({ service }, body) => {
    const asked = v.safeParse(refreshSchema, body);
    if (!asked.success) return malformed;
    await service.refresh(asked.output.keyId);
    return done;
  },
  unlock: ({ service }, body) => {
    const target = v.safeParse(unlockSchema, body);
    if (!target.success) return Promise.resolve(malformed);
    service.unlock(target.output);
    return Promise.resolve(done);
  },
  forget: ({ service, tellForgotten }) => {
    service.forget();
    tellForgotten();
    return Promise.resolve(done);
  },
  /** Answered when the next exchange is over: bodies are in it, so it is sealed. */
  record: async ({ service }, _, seal) => ({
    status: 200,
    body: { sealed: seal.close('recorded', { text: await service.recorder.next() }) },
  }),
  stop: ({ leave }) => {
    leave('stopped');
    return Promise.resolve(done);
  },
  /** To a newer version alone: an older one never takes back. */
  retire: ({ leave, version }, body) => {
    const asked = v.safeParse(retireSchema, body);
    if (!asked.success) return Promise.resolve(malformed);
    if (!isNewer(asked.output.version, version)) {
      return Promise.resolve({ status: 409, body: { error: { code: 'notNewer' } } });
    }
    leave('retired');
    return Promise.resolve(done);
  },
};

/** Null where there is no such command. */
export async function runCommand(
  name: string,
  ports: HostCommandPorts,
  body: Buffer,
  seal: Seal,
): Promise<CommandAnswer | null> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return null;
  const read = v.safeParse(jsonText, body.toString('utf8'));
  return read.success ? await command(ports, read.output, seal) : malformed;
}

const jsonText = v.pipe(v.string(), v.parseJson());

function opened(purpose: string, body: unknown, seal: Seal): unknown {
  const read = v.safeParse(sealedSchema, body);
  return read.success ? seal.open(purpose, read.output.sealed) : undefined;
}
