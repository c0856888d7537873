// The user's own list of fallback models.
import type { DenialKind } from '../../keys/denials';
import type { RequestClass } from '../../keys/lock';
import { isFreeModel } from '../../keys/freeModel';

/** Model pattern (`*` stands for any text) → models to try instead, in this order. */
export type FallbackModels = Readonly<Record<string, readonly string[]>>;

/**
 * The models to try after `model`, in order: those of the first pattern that fits, without the model itself. Paid ones
 * too, as the user named each of them.
 */
export function fallbacksOf(model: string | null, list: FallbackModels): string[] {
  if (model === null) return [];
  for (const [pattern, models] of Object.entries(list)) {
    if (fits(pattern, model)) return models.filter((other) => other !== model);
  }
  return [];
}

/** Each part is looked for once, from left to right: a regular expression would try all places of all `*`. */
function fits(pattern: string, model: string): boolean {
  const [first = '', ...parts] = pattern.toLowerCase().split('*');
  const text = model.toLowerCase();
  const last = parts.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** The next model in the list compared with the request: of the same class, or free or paid after the other class. */
export type FallbackKind = 'none' | 'alike' | 'free' | 'paid';

export class Fallbacks {
  constructor(private readonly models: string[]) {}

  get left(): number {
    return this.models.length;
  }

  kindFor(requestClass: RequestClass): FallbackKind {
    return kindOf(this.models[0], requestClass);
  }

  /** The kind of the first model of another class: limits of accounts hold for all models of a class. */
  otherKindFor(requestClass: RequestClass): FallbackKind {
    const other = this.models.find((model) => kindOf(model, requestClass) !== 'alike');
    return kindOf(other, requestClass);
  }

  /** Whether a model is left that may be served after the denial; models to which the denial applies as well are dropped. */
  helpAfter(kind: DenialKind, requestClass: RequestClass): boolean {
    switch (kind) {
      case 'modelBusy':
      case 'allTried':
        return this.left > 0;
      case 'exhausted':
        while (this.kindFor(requestClass) === 'alike') this.models.shift();
        return this.left > 0;
      case 'noKeys':
      case 'keysAwaited':
      case 'queueFull':
      case 'stopping':
        return false;
    }
  }

  /** Takes the next model off the list; null without one. */
  take(): string | null {
    return this.models.shift() ?? null;
  }
}

function kindOf(model: string | undefined, requestClass: RequestClass): FallbackKind {
  if (model === undefined) return 'none';
  if (isFreeModel(model) === (requestClass === 'free')) return 'alike';
  return requestClass === 'free' ? 'paid' : 'free';
}
