/** The model endpoints: limits and credits first, then the answer. */
import { type AnswerContext, usageOf } from '../answers/answerContext';
import {
  type ChatKind,
  chatBody,
  chatErrorEvent,
  chatEvents,
  choiceErrorEvent,
  withChoiceError,
} from '../answers/chat';
import { messagesBody, messagesErrorEvent, messagesEvents } from '../answers/messages';
import { embeddingsBody, imagesBody, rerankBody } from '../answers/otherModels';
import { responsesBody, responsesErrorEvent, responsesEvents } from '../answers/responses';
import type { Admission } from '../limits/account';
import { jsonReply, type Reply } from '../wire/reply';
import type { Caller } from '../world';
import { transcriptionReply, videoReply } from './media';
import type { ModelCall } from './modelCall';
import { errorReply, type Visit } from './visit';

/** Why a call is refused before any model sees it, or undefined; judging a free call takes its place in the minute. */
export function refusalOf(visit: Visit, caller: Caller, call: ModelCall): Reply | undefined {
  if (caller.key.isManagementKey) return errorReply(visit, 'managementKey');
  if (visit.world.options.strictModels === true && !isKnown(visit, call)) {
    return errorReply(visit, 'unknownModel', { model: call.requested });
  }
  return call.isFree ? freeRefusal(visit, caller) : paidRefusal(visit, caller);
}

function isKnown(visit: Visit, call: ModelCall): boolean {
  return call.requested.startsWith('@preset/') || visit.world.models.includes(call.requested);
}

function freeRefusal(visit: Visit, { account }: Caller): Reply | undefined {
  const admission: Admission = account.admitFree(visit.world.nowMs());
  switch (admission.kind) {
    case 'admitted':
      return undefined;
    case 'belowZero':
      return errorReply(visit, 'noCredits');
    case 'daily':
      visit.record.limitAnswer = 'daily';
      return errorReply(visit, admission.limit > 50 ? 'dailyLimitHighBalance' : 'dailyLimit', admission);
    case 'minute':
      visit.record.limitAnswer = 'minute';
      return errorReply(visit, 'minuteLimit', admission);
  }
}

function paidRefusal(visit: Visit, { account, key }: Caller): Reply | undefined {
  const nowMs = visit.world.nowMs();
  const remaining = key.remaining(nowMs);
  if (remaining !== null && remaining <= 0) {
    return errorReply(visit, 'keyCap', {
      resetAtMs: key.capResetAtMs(nowMs),
      message: `Key limit exceeded (${key.limitReset ?? 'total'} limit). Manage it using https://openrouter.ai/settings/keys`,
    });
  }
  return account.credits <= 0 && !account.ownProviderKeys ? errorReply(visit, 'noCredits') : undefined;
}

/** The answer of the model; its end settles its cost. */
export function modelReply(visit: Visit, caller: Caller, call: ModelCall): Reply {
  const { world } = visit;
  const isCharged = !call.isFree && !caller.account.ownProviderKeys;
  const cost = isCharged ? (world.options.costPerRequest ?? 0.001) : 0;
  const context: AnswerContext = {
    generationId: world.newId('gen'),
    model: visit.answer.model ?? call.model,
    createdAtMs: world.nowMs(),
    usage: usageOf(visit.answer, visit.body.length, cost),
    options: visit.answer,
  };
  remember(visit, caller, call, context);
  const headers = { 'X-Generation-Id': context.generationId, ...visit.answer.headers };
  const onEnd = (share: number, cancelled: boolean): void =>
    settle(visit, caller, context, cost * share, cancelled);
  const reply = answerOf(visit, caller, call, context);
  return { ...reply, headers: { ...reply.headers, ...headers }, timing: visit.answer, onEnd };
}

function remember(visit: Visit, { account }: Caller, call: ModelCall, context: AnswerContext): void {
  visit.record.generationId = context.generationId;
  visit.world.generations.set(context.generationId, {
    id: context.generationId,
    account,
    model: context.model,
    createdAtMs: context.createdAtMs,
    streamed: call.streams,
    promptTokens: context.usage.promptTokens,
    completionTokens: context.usage.completionTokens,
    cost: 0,
    cancelled: false,
  });
}

function settle(
  visit: Visit,
  caller: Caller,
  context: AnswerContext,
  cost: number,
  cancelled: boolean,
): void {
  caller.account.spend(caller.key, visit.world.nowMs(), cost);
  const generation = visit.world.generations.get(context.generationId);
  if (generation === undefined) return;
  generation.cost = cost;
  generation.cancelled = cancelled;
}

function answerOf(visit: Visit, caller: Caller, call: ModelCall, context: AnswerContext): Reply {
  const body = visit.body.json ?? {};
  switch (call.endpoint) {
    case 'chat':
      return chatReply(context, 'chat', call.streams);
    case 'text':
      return chatReply(context, 'text', call.streams);
    case 'responses':
      if (!call.streams) return jsonReply(responsesBody(context));
      return stream({
        events: responsesEvents(context),
        errorEvent: (fact, type) => responsesErrorEvent(context, fact, type),
        choiceErrorEvent: (fact) => responsesErrorEvent(context, fact, 'response.failed'),
      });
    case 'messages':
      if (!call.streams) return jsonReply(messagesBody(context));
      return stream({
        events: messagesEvents(context),
        errorEvent: (fact) => messagesErrorEvent(fact),
        choiceErrorEvent: (fact) => messagesErrorEvent(fact),
      });
    case 'embeddings':
      return jsonReply(embeddingsBody(context, body));
    case 'rerank':
      return jsonReply(rerankBody(context, body));
    case 'images':
      return jsonReply(imagesBody(context));
    case 'speech':
      return {
        kind: 'download',
        status: 200,
        headers: { 'Content-Type': 'audio/mpeg' },
        fromByte: 0,
        toByte: visit.answer.downloadBytes ?? 65_536,
      };
    case 'transcription':
      return transcriptionReply(visit, context);
    case 'video':
      return videoReply(visit, caller, context);
  }
}

function chatReply(context: AnswerContext, kind: ChatKind, streams: boolean): Reply {
  if (streams) {
    return stream({
      events: chatEvents(context, kind),
      errorEvent: (fact) => chatErrorEvent(context, kind, fact),
      choiceErrorEvent: (fact) => choiceErrorEvent(context, kind, fact),
    });
  }
  const body = chatBody(context, kind);
  const reply = jsonReply(body);
  if (reply.kind !== 'whole') return reply;
  return { ...reply, withChoiceError: (fact) => Buffer.from(JSON.stringify(withChoiceError(body, fact))) };
}

type Streamed = Omit<Extract<Reply, { kind: 'stream' }>, 'kind' | 'headers'>;

function stream(streamed: Streamed): Reply {
  return {
    kind: 'stream',
    headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' },
    ...streamed,
  };
}
