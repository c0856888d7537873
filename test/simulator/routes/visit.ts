/** The facts of a request that its route gets. */
import type { AnswerOptions } from '../answers/answerOptions';
import { errorFact } from '../errors/errorFacts';
import { errorBody, type Form } from '../errors/errorForms';
import type { ErrorFact } from '../errors/errorFact';
import type { ErrorDetails, ErrorKind } from '../errors/errorKind';
import type { RequestRecord } from '../record';
import type { ReceivedBody } from '../wire/receive';
import { htmlReply, jsonReply, type Reply } from '../wire/reply';
import type { Caller, World } from '../world';

export interface Visit {
  readonly world: World;
  readonly method: string;
  /** Without `/api/v1` and query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly origin: string;
  readonly body: ReceivedBody;
  readonly record: RequestRecord;
  /** The holder of a key that works. */
  readonly caller: Caller | undefined;
  readonly answer: AnswerOptions;
}

/** The form of the endpoint that a path names; a preset has the form of the endpoint behind it. */
function formOf(path: string): Form {
  if (path.endsWith('/responses')) return 'responses';
  return path.endsWith('/messages') ? 'anthropic' : 'openai';
}

export function errorReply(visit: Visit, kind: ErrorKind, details: ErrorDetails = {}): Reply {
  const usual: ErrorDetails = { model: visit.record.model, userId: visit.caller?.account.userId };
  return factReply(visit, errorFact(kind, { ...usual, ...details }, visit.world.nowMs()));
}

export function factReply(visit: Visit, fact: ErrorFact): Reply {
  if (fact.html !== undefined) return htmlReply(fact.html, fact.status, fact.headers);
  const body = errorBody(fact, formOf(visit.path), visit.world.newId('gen'));
  return jsonReply(body, fact.status, fact.headers);
}
