/** Resolves to the time of the port's first answer, in milliseconds of performance.now(). */
export async function servedAgain(port: number): Promise<number> {
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/health`);
      await response.text();
      return performance.now();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
