import type { Flag } from "./command_spec.ts";
import { flagText } from "./flag_text.ts";
import { UsageError } from "./usage_error.ts";

/** Makes what options may refuse: then the command was not called as it has to be. */
export function asked<T>(make: () => T, flags: readonly Flag[] = []): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
    throw new UsageError(flagText(cause.message, flags), { cause });
  }
}
