// The commands that a proven window may send to the host, each on its own path.
import * as v from 'valibot';
import { parseJson } from '../base/json';
import type { KeywheelService } from '../service/keywheelService';
import type { HostReply } from './askHost';
import type { ByeReason } from './hostEvents';
import { isNewer } from './identity';
import { keySetSchema } from '../service/keyring/keySet';
import type { Seal } from './proof';
import type { SharedKeys } from './keyShare';

export interface HostCommandPorts {
  readonly service: KeywheelService;
  readonly keys: SharedKeys;
  readonly version: string;
  /** Tells all windows that counts and exchanges were deleted. */
  readonly tellForgotten: () => void;
  /** Frees the port within the call and ends hosting. */
  readonly leave: (reason: ByeReason) => void;
}

type Command = (ports: HostCommandPorts, body: unknown, seal: Seal) => HostReply | Promise<HostReply>;

const done: HostReply = { status: 200, body: {} };
const malformed: HostReply = { status: 400, body: { error: { code: 'malformed' } } };
const gone: HostReply = { status: 404, body: { error: { code: 'gone' } } };

const optionalText = v.optional(v.string());

/** A command whose body fits the schema. */
function withBody<T>(
  schema: v.GenericSchema<unknown, T>,
  run: (body: T, ports: HostCommandPorts, seal: Seal) => HostReply | Promise<HostReply>,
): Command {
  return (ports, body, seal) => {
    const read = v.safeParse(schema, body);
    return read.success ? run(read.output, ports, seal) : malformed;
  };
}

/** Path below `/host/` → command. A command opens `sealed` itself and seals an answer with secrets. */
const commands: Readonly<Record<string, Command>> = {
  /** Offers a changed set of keys; 409 if the host has a newer one. Both answers contain the host's set. */
  keys: withBody(v.object({ sealed: v.string() }), ({ sealed }, { keys }, seal) => {
    const set = v.safeParse(keySetSchema, seal.open('offerKeys', sealed));
    if (!set.success) return malformed;
    const isTaken = keys.offer(set.output);
    return { status: isTaken ? 200 : 409, body: { sealed: seal.close('knownKeys', keys.current) } };
  }),
  refresh: withBody(v.object({ keyId: optionalText }), async ({ keyId }, { service }) => {
    await service.refresh(keyId);
    return done;
  }),
  /** The user looks at a window. */
  watch: ({ service }) => {
    service.watched();
    return done;
  },
  unlock: withBody(
    v.object({ keyId: optionalText, accountId: optionalText, model: optionalText }),
    (target, { service }) => {
      service.unlock(target);
      return done;
    },
  ),
  cancel: withBody(v.object({ requestId: v.string() }), ({ requestId }, { service }) =>
    service.cancel(requestId) ? done : gone,
  ),
  clearActivity: ({ service }) => {
    service.clearActivity();
    return done;
  },
  forget: ({ service, tellForgotten }) => {
    service.forget();
    tellForgotten();
    return done;
  },
  /** Answered when the next exchange has ended; sealed, as it contains bodies. */
  record: async ({ service }, _, seal) => ({
    status: 200,
    body: { sealed: seal.close('recorded', { text: await service.recorder.next() }) },
  }),
  stop: ({ leave }) => {
    leave('stopped');
    return done;
  },
  /** Only a newer version may take the port: an older one never takes it back. */
  retire: withBody(v.object({ version: v.string() }), (asked, { leave, version }) => {
    if (!isNewer(asked.version, version)) return { status: 409, body: { error: { code: 'notNewer' } } };
    leave('retired');
    return done;
  }),
};

/** Null if there is no such command. */
export async function runCommand(
  name: string,
  ports: HostCommandPorts,
  body: Buffer,
  seal: Seal,
): Promise<HostReply | null> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return null;
  const read = parseJson(body.toString('utf8'));
  return read === undefined ? malformed : await command(ports, read, seal);
}
