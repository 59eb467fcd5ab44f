import { Buffer } from "node:buffer";
import { DialError } from "../client/link.ts";
import { tokenOf } from "../client/token.ts";
import type { TokenLogin } from "../kafka_login.ts";

const LENGTH_BYTES = 4;
const decoder = new TextDecoder();

/** Sends one step of a login, as kafkajs's authenticators do. */
type Exchange = (step: {
  request: { encode(): Promise<Buffer> };
  response: { decode(bytes: Uint8Array): Uint8Array; parse(bytes: Uint8Array): string };
}) => Promise<string | undefined>;

/** What kafkajs takes for a login of another kind. */
export type AuthenticationProvider = (
  given: { readonly saslAuthenticate: Exchange },
) => { authenticate(): Promise<void> };

/**
 * Logs in by OAUTHBEARER: RFC 7628. kafkajs's own does not look at the answer, in which a broker
 * says that it does not take a token, and goes on as if it had.
 */
export function tokenLogin(login: TokenLogin): AuthenticationProvider {
  return ({ saslAuthenticate }) => ({
    async authenticate() {
      const message = Buffer.from(`n,,\x01auth=Bearer ${await tokenOf(login)}\x01\x01`);
      const framed = Buffer.alloc(LENGTH_BYTES + message.length);
      framed.writeInt32BE(message.length);
      message.copy(framed, LENGTH_BYTES);
      const said = await saslAuthenticate({
        request: { encode: () => Promise.resolve(framed) },
        response: {
          decode: (bytes) => bytes.subarray(LENGTH_BYTES),
          parse: (bytes) => decoder.decode(bytes),
        },
      });
      if (said) throw notTaken(said);
    },
  });
}

/** The broker's answer to a token that it does not take: RFC 7628, 3.2.2. */
function notTaken(said: string): DialError {
  const status = /"status"\s*:\s*"([a-z_]{1,40})"/.exec(said)?.[1] ?? "no reason given";
  return new DialError(`refused the login by OAUTHBEARER (${status}): check the token`, {
    isPassing: false,
  });
}
