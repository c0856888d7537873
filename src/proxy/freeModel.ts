// Which models cost nothing but allowance.

/** Whether requests for the model count against the free allowance (OpenRouter, "Limits"). */
export function isFreeModel(model: string): boolean {
  return model.endsWith(':free') || model === 'openrouter/free';
}
