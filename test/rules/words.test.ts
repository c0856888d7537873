/** Every text for people is in l10n/bundle.l10n.json, from which translations are made, and nothing else is. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const rooms = ['src/vscode', 'src/webview', 'src/extension.ts'];

describe('texts for people', () => {
  const bundle = JSON.parse(readFileSync('l10n/bundle.l10n.json', 'utf8')) as Record<string, string>;

  it('are all in the bundle, and the bundle has no others', () => {
    const used = [...new Set(rooms.flatMap(sourceFiles).flatMap(textsIn))].sort();
    assert.deepEqual(Object.keys(bundle).sort(), used);
  });

  it('stand for themselves in English', () => {
    for (const [key, text] of Object.entries(bundle)) assert.equal(text, key);
  });

  it('have placeholders that begin at {0} and leave none out', () => {
    for (const text of Object.keys(bundle)) {
      const numbers = [
        ...new Set([...text.matchAll(/\{(\d+)\}/g)].map(([, number]) => Number(number))),
      ].sort();
      assert.deepEqual(
        numbers,
        numbers.map((_, index) => index),
        text,
      );
    }
  });
});

function sourceFiles(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(place, file));
}

/** The first argument of every call of `t`, `speech.t`, `this.t` or `l10n.t`; fails on one that is not a literal. */
function textsIn(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTranslate(node.expression)) {
      const [text] = node.arguments;
      assert.ok(text && ts.isStringLiteralLike(text), `${file}: ${node.getText()} has no literal text`);
      texts.push(text.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

function isTranslate(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee)
    ? callee.name.text === 't'
    : ts.isIdentifier(callee) && callee.text === 't';
}
