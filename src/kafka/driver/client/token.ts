import type { TokenLogin } from "../kafka_login.ts";
import { DialError } from "./link.ts";

/**
 * A token to log in with.
 *
 * @throws {DialError} when there is none; of why nothing is shown that may have a secret in it.
 */
export async function tokenOf({ token }: TokenLogin): Promise<string> {
  let given: unknown;
  try {
    given = await token();
  } catch (error) {
    const kind = error instanceof Error ? error.name : typeof error;
    throw new DialError(
      `got no token: sasl.token() threw (${kind}); call it by itself to see why`,
      {
        isPassing: true,
      },
    );
  }
  if (typeof given === "string" && given !== "") return given;
  throw new DialError(
    `got no token: sasl.token() gave ${given === "" ? "an empty text" : `a ${typeof given}`}`,
    {
      isPassing: false,
    },
  );
}
