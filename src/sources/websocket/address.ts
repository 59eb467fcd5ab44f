import { showName } from "../../batch/shown_names.ts";
import { received } from "../../runtime/known_options.ts";
import { WebAddress } from "../../runtime/web_address.ts";

/** What a WebSocket is opened with. */
export interface WebSocketAddressOptions {
  /** Headers of the request that opens the connection. */
  headers?: Readonly<Record<string, string>>;
  /** Protocols that are offered, the favourite first. */
  protocols?: readonly string[];
}

/** Where a WebSocket leads, checked. */
export interface WebSocketAddress {
  readonly web: WebAddress;
  readonly protocols: readonly string[];
}

/** A token (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Headers that the opening of a WebSocket consists of: what is given for them would be ignored. */
const OWN_HEADERS = /^(?:host|upgrade|connection|sec-websocket-.*)$/i;

function checkProtocols(protocols: readonly string[], doing: string): void {
  const isList = Array.isArray(protocols) &&
    protocols.every((each) => typeof each === "string" && TOKEN.test(each));
  const distinct = isList && new Set(protocols.map((each) => each.toLowerCase()));
  if (distinct && distinct.size === protocols.length) return;
  throw new TypeError(
    `Cannot ${doing}: protocols must be a list of different names such as ["v1.example"], received ` +
      (isList ? protocols.map((each) => showName(each)).join(", ") : received(protocols)),
  );
}

/**
 * Checks where a WebSocket leads. User and password in its URI become a header.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError} when it leads nowhere, or something is none that it can be.
 */
export function webSocketAddress(
  uri: string | URL,
  { headers = {}, protocols = [] }: WebSocketAddressOptions,
  doing: string,
): WebSocketAddress {
  const web = new WebAddress(uri, {
    ...{ doing, option: "uri", headers },
    protocols: ["ws:", "wss:"],
  });
  const own = Object.keys(headers).find((name) => OWN_HEADERS.test(name));
  if (own !== undefined) {
    const fix = /protocol/i.test(own) ? "; pass protocols" : "";
    throw new TypeError(`Cannot ${doing}: the header ${own} cannot be chosen${fix}`);
  }
  checkProtocols(protocols, doing);
  return { web, protocols: [...protocols] };
}
