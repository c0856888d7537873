// The webview has its type too: nothing of Node is imported here.

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In credits, or null where upstream did not say. */
  readonly cost: number | null;
}
