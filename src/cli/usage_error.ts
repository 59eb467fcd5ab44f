/** A command was not called as it has to be: it ends with exit code 2. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}
