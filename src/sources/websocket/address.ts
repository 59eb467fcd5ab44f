import { received } from "../../runtime/known_options.ts";
import { showName } from "../../batch/shown_names.ts";

/** What a WebSocket is opened with. */
export interface AddressOptions {
  /** Headers of the request that opens the connection. */
  headers?: Readonly<Record<string, string>>;
  /** Protocols that are offered, the favourite first. */
  protocols?: readonly string[];
}

/** Where a WebSocket leads, checked. */
export interface WebSocketAddress {
  /** Without what is secret. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  /** What it is called in messages: nothing of it is secret. */
  readonly name: string;
}

/** A token (RFC 9110, 5.6.2): names of headers and protocols. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Bytes beyond ASCII are read in more than one way, and control characters end a header. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** Headers that the opening of a WebSocket consists of. */
const OWN_HEADERS = /^(?:host|upgrade|connection|sec-websocket-.*)$/i;

function parsed(uri: string | URL, doing: string): URL {
  const text = uri instanceof URL ? uri.href : uri;
  const url = typeof text === "string" ? URL.parse(text) : null;
  if (!url) {
    // nothing of the text is shown, for there may be a password in it
    const what = typeof text === "string" ? "a text that is none" : received(text);
    throw new TypeError(
      `Cannot ${doing}: expected a URI such as "ws://localhost:8765", received ${what}`,
    );
  }
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new TypeError(
      `Cannot ${doing}: a URI of a WebSocket begins with ws:// or wss://, received ${url.protocol}`,
    );
  }
  if (url.hash !== "" || url.href.endsWith("#")) {
    throw new TypeError(`Cannot ${doing}: a URI of a WebSocket has no fragment (#…); take it off`);
  }
  return url;
}

function checkHeaders(headers: Readonly<Record<string, string>>, doing: string): void {
  if (typeof headers !== "object" || headers === null) {
    throw new TypeError(
      `Cannot ${doing}: headers must be an object such as { Authorization: "Bearer …" }, received ` +
        received(headers),
    );
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name) || OWN_HEADERS.test(name)) {
      throw new TypeError(`Cannot ${doing}: ${showName(name)} is no header that can be given`);
    }
    if (typeof value === "string" && HEADER_VALUE.test(value)) continue;
    const what = typeof value === "string" ? "with other characters" : typeof value;
    throw new TypeError(
      `Cannot ${doing}: the header ${name} must be a text of printable ASCII, received one that is ` +
        what,
    );
  }
}

function checkProtocols(protocols: readonly string[], doing: string): void {
  const isList = Array.isArray(protocols) &&
    protocols.every((each) => typeof each === "string" && TOKEN.test(each));
  const distinct = isList && new Set(protocols.map((each) => each.toLowerCase()));
  if (distinct && distinct.size === protocols.length) return;
  throw new TypeError(
    `Cannot ${doing}: protocols must be a list of different names such as ["v1.example"], received ` +
      (isList ? listed(protocols) : received(protocols)),
  );
}

function listed(names: readonly string[]): string {
  return names.map(showName).join(", ");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that stands for itself
  }
}

/** The user and password of a URL as the header that carries them (RFC 7617). */
function basicCredentials(url: URL): string {
  const user = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${new TextEncoder().encode(user).toBase64()}`;
}

function hasHeader(headers: Readonly<Record<string, string>>, name: string): boolean {
  return Object.keys(headers).some((each) => each.toLowerCase() === name);
}

/**
 * Checks where a WebSocket leads. User and password in its URI become a header; they and what stands
 * behind `?`, where tokens do, are shown nowhere.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError} when it leads nowhere, or something is none that it can be.
 */
export function webSocketAddress(
  uri: string | URL,
  { headers = {}, protocols = [] }: AddressOptions,
  doing: string,
): WebSocketAddress {
  const url = new URL(parsed(uri, doing));
  checkHeaders(headers, doing);
  checkProtocols(protocols, doing);
  const all = { ...headers };
  if (url.username !== "" || url.password !== "") {
    if (hasHeader(headers, "authorization")) {
      throw new TypeError(
        `Cannot ${doing}: there are both a user in the URI and a header Authorization; give one`,
      );
    }
    all.Authorization = basicCredentials(url);
    url.username = url.password = "";
  }
  const name = `${url.protocol}//${url.host}${url.pathname}${url.search && "?[secret]"}`;
  return { url, headers: all, protocols: [...protocols], name };
}
