const OF_ALL = /^Requires all access to /;

/**
 * Why a file could not be written, and what to do where that is a device, which Deno lets nobody
 * write to but programs with all permissions.
 */
export function writingFault(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof Error) || cause.name !== "NotCapable" || !OF_ALL.test(message)) {
    return message;
  }
  return "Deno has programs with all permissions alone open what is there; give a file, or write to " +
    "the standard output and redirect that to it";
}
