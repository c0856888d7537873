// The user's own list of models to try instead.

/** Model pattern (`*` stands for any text) → models to try instead, in this order. */
export type FallbackModels = Readonly<Record<string, readonly string[]>>;

/**
 * The models to try after `model`, in order: those of the first pattern that fits, without the model itself. The user
 * named each of them, paid ones too.
 */
export function fallbacksOf(model: string | null, list: FallbackModels): readonly string[] {
  if (model === null) return [];
  for (const [pattern, models] of Object.entries(list)) {
    if (fits(pattern, model)) return models.filter((other) => other !== model);
  }
  return [];
}

function fits(pattern: string, model: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`, 'i').test(model);
}
