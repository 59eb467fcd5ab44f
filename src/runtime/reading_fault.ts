/** What to do where a file cannot be read, by what was thrown; the system and Deno both forbid. */
const ADVICE: Readonly<Record<string, string>> = {
  PermissionDenied: "the system forbids it to the user that runs the program: give that user the " +
    "right to read it (chmod), and to enter the folders above it",
  NotFound: "check that the path is right (it is relative to the working directory)",
  IsADirectory: "check that it is a file, and not a folder",
};
const UNKNOWN =
  "check that the path is right (it is relative to the working directory), that it is " +
  "a file, and that the program runs with --allow-read for it";

/** Why a file could not be read, and what to do about it. */
export function readingFault(cause: unknown): string {
  if (!(cause instanceof Error)) return `${String(cause)}; ${UNKNOWN}`;
  const { name, message } = cause;
  if (name === "NotCapable") return message; // which says what to do itself
  return `${message}; ${Object.hasOwn(ADVICE, name) ? ADVICE[name] : UNKNOWN}`;
}
