// Errors of the operating system, told apart by their codes.

/** The system's code of an error, such as EADDRINUSE; empty where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
