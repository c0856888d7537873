// Values of configuration files, and changes to them by path.
import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A name in an object, or the item of a list that has this `name`. */
export type Step = string | { readonly item: string };

/** Sets the value at the path; undefined removes it. */
export interface Change {
  readonly path: readonly Step[];
  readonly value: Json | undefined;
}

/** The value at the path, or undefined. */
export function valueAt(root: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof step === 'string') return isObject(value) ? value[step] : undefined;
    return Array.isArray(value) ? value.find((entry) => isItem(entry, step.item)) : undefined;
  }, root);
}

/** `valueAt`, typed as JSON: values of files are JSON, except TOML dates, and Keywheel writes no path that has those. */
export function jsonAt(root: unknown, path: readonly Step[]): Json | undefined {
  return valueAt(root, path) as Json | undefined;
}

/** A changed copy of `root`. Setting a value creates missing parents; removing one does not. */
export function changed(root: unknown, change: Change): unknown {
  const [step, ...rest] = change.path;
  if (step === undefined) return change.value;
  if (change.value === undefined && valueAt(root, [step]) === undefined) return root;
  const old = valueAt(root, [step]);
  const renewed = changed(old, { path: rest, value: change.value });
  if (typeof step === 'string') return withName(root, step, renewed);
  // An item that changes keeps its place in the list.
  if (rest.length > 0 && Array.isArray(root) && old !== undefined)
    return root.map((entry: unknown) => (entry === old ? renewed : entry));
  return withItem(root, step.item, renewed);
}

/** The SHA-256 as 64 hex digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A digest of the value for records, which must not contain secrets. The order of names does not matter. */
export function valueDigest(value: unknown): string {
  return sha256(value === undefined ? 'undefined' : JSON.stringify(sorted(value)));
}

/** The path as text, such as `providers.openrouter.options`. */
export function pathText(path: readonly Step[]): string {
  return path.map((step) => (typeof step === 'string' ? step : `“${step.item}”`)).join('.');
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function isItem(entry: unknown, name: string): boolean {
  return isObject(entry) && entry.name === name;
}

function withName(root: unknown, name: string, value: unknown): unknown {
  const old = isObject(root) ? root : {};
  const others = Object.entries(old).filter(([other]) => value !== undefined || other !== name);
  return value === undefined ? Object.fromEntries(others) : { ...old, [name]: value };
}

function withItem(root: unknown, name: string, value: unknown): readonly unknown[] {
  const others: readonly unknown[] = Array.isArray(root) ? root.filter((entry) => !isItem(entry, name)) : [];
  return value === undefined ? others : [...others, value];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}
