// The commands that a proven window may send to the host.
import * as v from 'valibot';
import { keySetSchema } from '../service/keyring/storedKey';
import type { KeywheelService } from '../service/keywheelService';
import type { ByeReason } from './hostEvents';
import type { HostCommand, HostReply } from './hostLine';
import { isNewer } from './identity';
import type { SharedKeys } from './keyShare';

export interface HostCommandPorts {
  readonly service: KeywheelService;
  readonly keys: SharedKeys;
  readonly version: string;
  /** Frees the port within the call and ends hosting. */
  readonly leave: (reason: ByeReason) => void;
}

type Command = (ports: HostCommandPorts, body: unknown) => HostReply | Promise<HostReply>;

const done: HostReply = { status: 200, body: {} };

function refused(status: number, code: string): HostReply {
  return { status, body: { error: { code } } };
}

const optionalText = v.optional(v.string());

/** A command whose body fits the schema. */
function withBody<T>(
  schema: v.GenericSchema<unknown, T>,
  run: (body: T, ports: HostCommandPorts) => HostReply | Promise<HostReply>,
): Command {
  return (ports, body) => {
    const read = v.safeParse(schema, body);
    return read.success ? run(read.output, ports) : refused(400, 'malformed');
  };
}

const commands: Readonly<Record<HostCommand, Command>> = {
  /** Offers a changed set of keys; 409 if the host has a newer one. Both answers contain the host's set. */
  keys: withBody(keySetSchema, (set, { keys }) => ({
    status: keys.offer(set) ? 200 : 409,
    body: keys.current,
  })),
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
    service.cancel(requestId) ? done : refused(404, 'gone'),
  ),
  clearActivity: ({ service }) => {
    service.clearActivity();
    return done;
  },
  forget: ({ service }) => {
    service.forget();
    return done;
  },
  /** Answered when the next exchange has ended. */
  record: async ({ service }) => ({ status: 200, body: { text: await service.recorder.next() } }),
  stop: ({ leave }) => {
    leave('stopped');
    return done;
  },
  /** Only a newer version may take the port: an older one never takes it back. */
  retire: withBody(v.object({ version: v.string() }), (asked, { leave, version }) => {
    if (!isNewer(asked.version, version)) return refused(409, 'notNewer');
    leave('retired');
    return done;
  }),
};

export async function runCommand(name: string, ports: HostCommandPorts, body: unknown): Promise<HostReply> {
  return isCommand(name) ? await commands[name](ports, body) : refused(404, 'unknown');
}

function isCommand(name: string): name is HostCommand {
  return Object.hasOwn(commands, name);
}
