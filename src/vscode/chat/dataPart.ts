// The class of images in VS Code's chat, which the oldest supported VS Code does not have.
import * as vscode from 'vscode';

interface DataPartClass {
  image(data: Uint8Array, mimeType: string): vscode.LanguageModelResponsePart;
}

/** Null if this VS Code has no data parts; then no model accepts images. */
export function dataPartClass(): DataPartClass | null {
  const found: unknown = Reflect.get(vscode, 'LanguageModelDataPart');
  return isDataPartClass(found) ? found : null;
}

function isDataPartClass(value: unknown): value is DataPartClass {
  return typeof value === 'function' && typeof Reflect.get(value, 'image') === 'function';
}
