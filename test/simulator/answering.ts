/** From one request that has arrived whole to its answer: script, keys, limits, routes. */
import type { IncomingMessage } from 'node:http';
import { noFaults, type FaultSet, type Replacing } from './fault';
import { errorFact } from './errors/errorFacts';
import { accountRoute, publicRoute } from './routes/accountRoutes';
import { admit, type Admitted, presentedKey } from './routes/admission';
import { fileRoute, videoRoute } from './routes/media';
import { type ModelCall, modelCallOf } from './routes/modelCall';
import { modelReply, refusalOf } from './routes/models';
import { authPage, exchangeCode } from './routes/oauth';
import { errorReply, factReply, type Visit } from './routes/visit';
import type { RequestRecord } from './record';
import type { Script, ScriptedRule } from './script';
import type { ReceivedBody } from './wire/receive';
import { jsonReply, type Reply } from './wire/reply';
import type { Caller, World } from './world';

const API = '/api/v1';

/** The answer that a request is to get. */
export type Answering =
  | { readonly kind: 'reply'; readonly reply: Reply; readonly faults: FaultSet }
  | { readonly kind: 'noAnswer' }
  | { readonly kind: 'cutBeforeHead'; readonly how: 'destroy' | 'reset' };

/** Writes the key and its account into the record; returns whether they are admitted, as far as the head tells. */
export function identify(world: World, request: IncomingMessage, record: RequestRecord): Admitted {
  const rawKey = presentedKey(request.headers, pathOf(request).path);
  record.key = rawKey;
  record.accountName = rawKey === undefined ? undefined : world.caller(rawKey)?.account.name;
  return admit(world, rawKey, request.headers);
}

/** The answer as script, limits and routes give it; counts a request that counts. */
export function answeringOf(
  world: World,
  script: Script,
  origin: string,
  arrived: { request: IncomingMessage; record: RequestRecord; body: ReceivedBody; admitted: Admitted },
): Answering {
  const { request, record, body, admitted } = arrived;
  const { path, query } = pathOf(request);
  const caller = 'caller' in admitted ? admitted.caller : undefined;
  const answer = world.answer;
  const bare: Visit = {
    world,
    method: request.method ?? 'GET',
    path,
    query,
    origin,
    body,
    record,
    caller,
    answer,
  };
  const call = modelCallOf(bare);
  if (call !== undefined && call !== 'noModel') {
    record.model = call.requested;
    record.isFree = call.isFree && caller !== undefined;
  }
  const rule = script.find(record, path, world.nowMs());
  const visit: Visit = { ...bare, answer: { ...answer, ...rule?.rule.answer } };
  const replacing = rule?.faults.replacing;
  if (rule !== undefined && replacing !== undefined) {
    rule.hits++;
    count(visit, rule);
    return replaced(visit, replacing, rule.faults);
  }
  const reply = served(visit, call, rule, admitted);
  return {
    kind: 'reply',
    reply: reply.reply,
    faults: reply.isServed ? (rule?.faults ?? noFaults) : noFaults,
  };
}

function pathOf(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const url = new URL(request.url ?? '/', 'http://simulator');
  const isApi = url.pathname === API || url.pathname.startsWith(`${API}/`);
  return { path: isApi ? url.pathname.slice(API.length) : url.pathname, query: url.searchParams };
}

/** Counts the request for the day where it is free and nothing says that it does not count. */
function count(visit: Visit, rule: ScriptedRule | undefined): void {
  const { record, caller, world } = visit;
  if (record.isFree && caller !== undefined && rule?.rule.counts !== false)
    world.countFreeAttempt(caller.account);
}

interface Served {
  readonly reply: Reply;
  /** Only served answers go through the faults of a rule; refusals leave the rule for the next request. */
  readonly isServed: boolean;
}

function served(
  visit: Visit,
  call: ModelCall | 'noModel' | undefined,
  rule: ScriptedRule | undefined,
  admitted: Admitted,
): Served {
  const serve = (reply: Reply): Served => {
    if (rule !== undefined) rule.hits++;
    return { reply, isServed: true };
  };
  const refuse = (reply: Reply): Served => ({ reply, isServed: false });
  const open = openRoute(visit);
  if (open !== undefined) return serve(open);
  if (!('caller' in admitted)) return refuse(errorReply(visit, admitted.error));
  const { caller } = admitted;
  if (call === undefined) return serve(ownRoute(visit, caller) ?? errorReply(visit, 'notFound'));
  if (call === 'noModel') return refuse(errorReply(visit, 'badRequest', { message: 'No models provided' }));
  const refusal = refusalOf(visit, caller, call);
  count(visit, rule);
  return refusal === undefined ? serve(modelReply(visit, caller, call)) : refuse(refusal);
}

/** Routes that need no key. */
function openRoute(visit: Visit): Reply | undefined {
  if (visit.path === '/auth' && visit.method === 'GET') return authPage(visit);
  if (visit.path === '/auth/keys' && visit.method === 'POST') return exchangeCode(visit);
  return publicRoute(visit);
}

function ownRoute(visit: Visit, caller: Caller): Reply | undefined {
  return accountRoute(visit, caller) ?? videoRoute(visit, caller) ?? fileRoute(visit, caller);
}

function replaced(visit: Visit, fault: Replacing, faults: FaultSet): Answering {
  const errorDefaults = { model: visit.record.model, userId: visit.caller?.account.userId };
  const timing = visit.answer;
  switch (fault.kind) {
    case 'noAnswer':
      return { kind: 'noAnswer' };
    case 'cutBeforeHead':
      return { kind: 'cutBeforeHead', how: fault.how ?? 'reset' };
    case 'error': {
      const fact = errorFact(fault.error, { ...errorDefaults, ...fault }, visit.world.nowMs());
      return { kind: 'reply', reply: { ...factReply(visit, fact), timing }, faults };
    }
    case 'errorIn200': {
      const fact = errorFact(fault.error, { ...errorDefaults, ...fault }, visit.world.nowMs());
      const reply = factReply(visit, { ...fact, headers: {} });
      return {
        kind: 'reply',
        reply: reply.kind === 'whole' ? { ...reply, status: 200, timing } : reply,
        faults,
      };
    }
    case 'respond':
      return { kind: 'reply', reply: { ...scriptedReply(fault), timing }, faults };
  }
}

function scriptedReply(fault: Extract<Replacing, { kind: 'respond' }>): Reply {
  const { status, headers = {}, body = '' } = fault;
  if (typeof body === 'object' && !Buffer.isBuffer(body)) return jsonReply(body, status, headers);
  return { kind: 'whole', status, headers, body: Buffer.from(body) };
}
