// Waiting for what may never come: a vault that does not answer, an upload that has stalled.

/** Resolves as the promise does, or rejects with the signal's reason if that is sooner; what comes later is nobody's. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject);
  });
}
