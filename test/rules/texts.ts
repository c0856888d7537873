/** All texts for people, as the code has them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync, Visitor, type Argument, type Expression } from 'oxc-parser';

/** The file from which translations are made. */
export const bundleFile = 'l10n/bundle.l10n.json';

const rooms = ['src/vscode', 'src/webview', 'src/words', 'src/extension.ts'];

/** Each text once, sorted. Throws on a call whose text is not a literal. */
export function textsForPeople(): readonly string[] {
  return [...new Set(rooms.flatMap(sourceFiles).flatMap(textsIn))].sort();
}

/** The bundle as it should be: each text stands for itself. */
export function bundleText(): string {
  const entries = textsForPeople().map((text) => [text, text]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

function sourceFiles(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(place, file));
}

/** The first argument of every call of `t`, `textContext.t`, `this.t` or `l10n.t`; fails on one that is not a literal. */
function textsIn(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  const texts: string[] = [];
  const visitor = new Visitor({
    CallExpression({ callee, arguments: [text], start, end }) {
      if (!isTranslate(callee)) return;
      const literal = text && literalText(text);
      assert.ok(literal !== undefined, `${file}: ${code.slice(start, end)} has no literal text`);
      texts.push(literal);
    },
  });
  visitor.visit(parseSync(file, code).program);
  return texts;
}

function isTranslate(callee: Expression): boolean {
  if (callee.type === 'Identifier') return callee.name === 't';
  return (
    callee.type === 'MemberExpression' &&
    callee.property.type === 'Identifier' &&
    callee.property.name === 't'
  );
}

function literalText(node: Argument): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  const quasis = node.type === 'TemplateLiteral' ? node.quasis : [];
  return quasis.length === 1 ? (quasis[0]?.value.cooked ?? undefined) : undefined;
}
