// The reasons why VS Code's chat gets no answer, or an incomplete one.

/**
 * `refused`: an error message of the proxy or OpenRouter · `unreachable`: no answer or a lost connection, with the system's code ·
 * `cut`: the answer is incomplete · `badArguments`: the model wrote invalid JSON for the tool that `message` names, so the tool
 * must not run.
 */
export class ChatError extends Error {
  override readonly name = 'ChatError';

  constructor(
    readonly kind: 'refused' | 'unreachable' | 'cut' | 'badArguments',
    message: string,
    /** The HTTP status, also of an error inside the stream; 0 without one. */
    readonly status = 0,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
