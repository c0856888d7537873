// The class of a model's requests: by the model's name, and by what answers showed.
import type { RequestClass } from './lock';
import { remember } from './recentEntries';

/** Whether requests for the model count against the free allowance (OpenRouter, "Limits"). */
export function isFreeModel(model: string): boolean {
  return model.endsWith(':free') || model === 'openrouter/free';
}

/** Cloaked models are not announced yet: OpenRouter gives them names of its own, and they cost nothing. */
function isCloaked(model: string): boolean {
  return /^(?:openrouter|stealth)\/.+-(?:alpha|beta)$/.test(model);
}

/** Whether the name is one of OpenRouter's own, except for its routers, which serve paid models too. */
function mayBeCloaked(model: string): boolean {
  return /^(?:openrouter|stealth)\//.test(model) && model !== 'openrouter/auto' && !isFreeModel(model);
}

const mostModels = 1_000;

/** Models without `:free` that cost nothing: they need no credits, and count against the allowance only once a 429 has said so. */
export class ModelClasses {
  private readonly known = new Map<string, RequestClass>();

  /** The class of a request, corrected by what answers showed of its model. */
  classOf({ requestClass, model }: { requestClass: RequestClass; model: string | null }): RequestClass {
    if (requestClass !== 'paid' || model === null) return requestClass;
    return this.known.get(model) ?? (isCloaked(model) ? 'unmetered' : requestClass);
  }

  noteCostless(model: string): void {
    if (mayBeCloaked(model) && !this.known.has(model)) this.set(model, 'unmetered');
  }

  /** A limit of free requests named the model: its requests count against the allowance. */
  noteCounted(model: string): void {
    if (!isFreeModel(model)) this.set(model, 'free');
  }

  /** A request for the model was refused for want of credits: the model costs. */
  noteCosts(model: string): void {
    if (this.known.has(model) || isCloaked(model)) this.set(model, 'paid');
  }

  private set(model: string, requestClass: RequestClass): void {
    remember(this.known, model, requestClass, mostModels);
  }
}
