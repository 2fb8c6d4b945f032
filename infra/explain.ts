/** What to tell whoever typed a command that failed. A TypeError is what parseArgs throws too; one with a cause is of something else. */
export function explain(error: unknown, usage: string): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof TypeError && error.cause === undefined ? `${error.message}\n\n${usage}` : error.message;
}
