// Streams in which a model calls one tool, its arguments split in the middle.

/** The event stream of an answer of the endpoint at `path`. */
export function toolCallStream(path: string, name: string, args: object): string {
  const json = JSON.stringify(args);
  const parts = [json.slice(0, 5), json.slice(5)];
  switch (path) {
    case '/messages':
      return named(messagesEvents(name, parts));
    case '/responses':
      return named(responsesEvents(name, parts));
    default:
      return [...chatChunks(name, parts).map((chunk) => JSON.stringify(chunk)), '[DONE]']
        .map((data) => `data: ${data}\n\n`)
        .join('');
  }
}

type TypedEvent = Readonly<Record<string, unknown>> & { readonly type: string };

function named(events: readonly TypedEvent[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

const model = 'x/y:free';
const id = 'call_1';

function chatChunks(name: string, parts: readonly string[]): readonly object[] {
  const chunk = (delta: object, finish_reason: string | null): object => ({
    id: 'gen-1',
    object: 'chat.completion.chunk',
    created: 1,
    model,
    choices: [{ index: 0, delta, finish_reason }],
  });
  const call = (fields: object): object => ({ tool_calls: [{ index: 0, ...fields }] });
  return [
    chunk({ role: 'assistant', ...call({ id, type: 'function', function: { name, arguments: '' } }) }, null),
    ...parts.map((part) => chunk(call({ function: { arguments: part } }), null)),
    chunk({}, 'tool_calls'),
  ];
}

function messagesEvents(name: string, parts: readonly string[]): readonly TypedEvent[] {
  const usage = { input_tokens: 9, output_tokens: 9 };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null };
  const block = { type: 'tool_use', id, name, input: {} };
  return [
    { type: 'message_start', message: { ...message, stop_sequence: null, usage } },
    { type: 'content_block_start', index: 0, content_block: block },
    ...parts.map((partial_json) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json },
    })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
}

function responsesEvents(name: string, parts: readonly string[]): readonly TypedEvent[] {
  const item = { id: 'fc_1', type: 'function_call', call_id: id, name, arguments: '', status: 'in_progress' };
  const whole = { ...item, arguments: parts.join(''), status: 'completed' };
  const response = {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model,
    status: 'in_progress',
    output: [],
  };
  const usage = { input_tokens: 9, output_tokens: 9, total_tokens: 18 };
  const at = { item_id: item.id, output_index: 0 };
  return [
    { type: 'response.created', response },
    { type: 'response.output_item.added', output_index: 0, item },
    ...parts.map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
    { type: 'response.function_call_arguments.done', ...at, arguments: whole.arguments },
    { type: 'response.output_item.done', output_index: 0, item: whole },
    {
      type: 'response.completed',
      response: { ...response, status: 'completed', output: [whole], usage },
    },
  ];
}
