import { digest } from "../../runtime/digest.ts";
import { checkBoolean, received } from "../../runtime/known_options.ts";
import { RefusedRequest, type RequestHead } from "./request_head.ts";

/** What RFC 6455, section 1.3, has a server add to the key of a client. */
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY = /^[A-Za-z0-9+/]{22}==$/;
/** The protocol that a client may name, so that a token can stand beside it. */
const PROTOCOL = "waggle";
const TOKEN_PROTOCOL = "bearer.";
const TOKEN_NEEDED =
  'A token is needed: give it by the header "Authorization: Bearer of-a-token", or from a web page ' +
  'by the protocols "waggle" and "bearer.of-a-token"';
/** The query parameter that has the token, where no header can. */
export const TOKEN_PARAMETER = "access_token";
/** Characters of an origin that are shown. */
const SHOWN_ORIGIN_CHARACTERS = 100;
/** This machine alone. */
export const DEFAULT_HOSTNAME = "127.0.0.1";
const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|\[::1\])$/i;
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;

/** Who may connect. */
export interface GateOptions {
  /** The name or address of an interface of this machine. Default `"127.0.0.1"`: itself alone. */
  hostname?: string;
  /** Where it is, such as `"/birds"`. Default: any path. */
  path?: string;
  /**
   * What a client has to know: a text, or several, any of which will do. It says it by the header
   * `Authorization: Bearer …`, by the protocol `bearer.…` beside the protocol `waggle`, which is what a
   * web page can do, or by the query parameter `access_token`. Default: nothing.
   */
  token?: string | readonly string[];
  /**
   * The origins of web pages that may connect, such as `"https://example.org"`, or `"*"` for any. What
   * says no origin is no web page, and may. Default: no page.
   */
  origins?: readonly string[];
  /**
   * Names by which clients may know this machine, such as `"example.org"`; `"*"`: any. Default: its
   * addresses, `localhost` and `hostname`.
   */
  hosts?: readonly string[];
  /** Whether other machines may connect without a token. Default false. */
  insecure?: boolean;
}

/** The names of {@linkcode GateOptions}. */
export const GATE_NAMES: Readonly<Record<keyof GateOptions, true>> = {
  hostname: true,
  path: true,
  token: true,
  origins: true,
  hosts: true,
  insecure: true,
};

/** Prints as `[secret]`, however it is printed. */
class Secrets {
  readonly #digests: readonly Uint8Array[];

  constructor(secrets: readonly string[]) {
    this.#digests = secrets.map(digestOf);
  }

  get isEmpty(): boolean {
    return this.#digests.length === 0;
  }

  /** Takes as long whatever is different, and whichever it is. */
  has(given: string): boolean {
    const made = digestOf(given);
    let found = 0;
    for (const each of this.#digests) {
      let different = 0;
      for (let at = 0; at < each.length; at++) different |= each[at] ^ made[at];
      found |= different === 0 ? 1 : 0;
    }
    return found === 1;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.for("Deno.customInspect")](): string {
    return "[secret]";
  }
}

function digestOf(text: string): Uint8Array {
  return digest("SHA-256", new TextEncoder().encode(text));
}

function listOf(name: string, given: unknown, doing: string): readonly string[] {
  if (Array.isArray(given) && given.every((each) => typeof each === "string")) return given;
  throw new TypeError(
    `Cannot ${doing}: ${name} must be an array of texts, received ${received(given)}`,
  );
}

/** The tokens; what was given is never shown. */
function secretsOf(token: unknown, doing: string): Secrets {
  if (token === undefined) return new Secrets([]);
  const all: readonly unknown[] = Array.isArray(token) ? token : [token];
  // Visible ASCII: anything else could not stand in a header.
  if (all.length > 0 && all.every((each) => typeof each === "string" && /^[!-~]+$/.test(each))) {
    return new Secrets(all as readonly string[]);
  }
  throw new TypeError(
    `Cannot ${doing}: token must be a text of visible ASCII characters without blanks, or an array ` +
      `of some, received [secret]`,
  );
}

function originOf(origin: string, doing: string): string {
  if (origin === "*" || origin === "null") return origin;
  if (URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase()) {
    return origin.toLowerCase();
  }
  throw new TypeError(
    `Cannot ${doing}: origins are such as "https://example.org", without a path, or "*", received ` +
      received(origin),
  );
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}

/** What a client that came through was let in with. */
export interface Passed {
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Decides who may connect, before anything of a WebSocket is begun. Deno's own upgrade looks at
 * neither origin nor host, so that any web page could connect to a server on the same machine, and by
 * a name that it has changed to mean 127.0.0.1 (DNS rebinding) even read from it.
 */
export class Gate {
  readonly #path: string | undefined;
  readonly #tokens: Secrets;
  readonly #origins: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;

  /**
   * A gate by these options.
   *
   * @throws {TypeError} when one is none that it can be, or other machines could connect without a
   *   token and nothing says that they may.
   */
  constructor(options: GateOptions, doing: string) {
    const { hostname = DEFAULT_HOSTNAME, path, token, origins = [], hosts = [], insecure = false } =
      options;
    for (const [name, value] of [["hostname", hostname], ["path", path ?? "/"]] as const) {
      if (typeof value === "string" && value !== "" && !/[\s?#]/.test(value)) continue;
      throw new TypeError(`Cannot ${doing}: ${name} must be a text, received ${received(value)}`);
    }
    if (path !== undefined && !path.startsWith("/")) {
      throw new TypeError(
        `Cannot ${doing}: path must begin with a slash, received ${received(path)}`,
      );
    }
    checkBoolean("insecure", insecure, doing);
    this.#path = path;
    this.#tokens = secretsOf(token, doing);
    this.#origins = new Set(listOf("origins", origins, doing).map((each) => originOf(each, doing)));
    this.#hosts = new Set([hostname, ...listOf("hosts", hosts, doing)].map(nameOf));
    if (this.#tokens.isEmpty && !insecure && !LOOPBACK.test(hostname)) {
      throw new TypeError(
        `Cannot ${doing}: other machines could connect to ${received(hostname)} without a token; ` +
          `pass a token, hostname: "127.0.0.1", or insecure: true if anybody may`,
      );
    }
  }

  /**
   * Looks at a request.
   *
   * @throws {RefusedRequest} when it may not become a WebSocket.
   */
  pass(head: RequestHead): Passed {
    this.#checkHost(head.headers.get("host"));
    this.#checkOrigin(head.headers.get("origin"));
    if (this.#path !== undefined && head.path !== this.#path) {
      throw new RefusedRequest(404, `There is nothing at this path`);
    }
    this.#checkToken(head);
    return { headers: handshake(head) };
  }

  #checkHost(host: string | undefined): void {
    if (host === undefined) throw new RefusedRequest(400, "The header host is missing");
    const name = nameOf(host);
    if (ADDRESS.test(name) || name === "localhost") return;
    if (this.#hosts.has(name) || this.#hosts.has("*")) return;
    throw new RefusedRequest(403, "This server is not known by that host name (option hosts)");
  }

  #checkOrigin(origin: string | undefined): void {
    if (origin === undefined || this.#origins.has("*")) return;
    if (this.#origins.has(origin.toLowerCase())) return;
    const shown = JSON.stringify(origin.slice(0, SHOWN_ORIGIN_CHARACTERS));
    throw new RefusedRequest(403, `Web pages of ${shown} may not connect (option origins)`);
  }

  #checkToken({ headers, query }: RequestHead): void {
    if (this.#tokens.isEmpty) return;
    const [, bearer] = /^bearer +([!-~]+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    const protocol = protocolsOf(headers).find((each) => each.startsWith(TOKEN_PROTOCOL));
    const given = bearer ?? protocol?.slice(TOKEN_PROTOCOL.length) ?? query.get(TOKEN_PARAMETER);
    if (given === null) {
      throw new RefusedRequest(401, TOKEN_NEEDED, { "www-authenticate": "Bearer" });
    }
    if (!this.#tokens.has(given)) {
      throw new RefusedRequest(401, "The token is wrong", {
        "www-authenticate": `Bearer error="invalid_token"`,
      });
    }
  }
}

function protocolsOf(headers: RequestHead["headers"]): string[] {
  return (headers.get("sec-websocket-protocol") ?? "").split(",").map((each) => each.trim());
}

function names(header: string | undefined, wanted: string): boolean {
  return (header ?? "").split(",").some((each) => each.trim().toLowerCase() === wanted);
}

/** The server's part of the opening handshake (RFC 6455, section 4.2). */
function handshake({ method, headers }: RequestHead): Record<string, string> {
  if (method !== "GET") {
    throw new RefusedRequest(405, "A WebSocket begins by GET", { allow: "GET" });
  }
  const isUpgrade = names(headers.get("upgrade"), "websocket") &&
    names(headers.get("connection"), "upgrade");
  if (!isUpgrade) {
    throw new RefusedRequest(426, "This is a WebSocket: connect by ws://", {
      upgrade: "websocket",
      connection: "Upgrade",
    });
  }
  if (headers.get("sec-websocket-version") !== "13") {
    throw new RefusedRequest(426, "The version of WebSockets is 13", {
      "sec-websocket-version": "13",
    });
  }
  const key = headers.get("sec-websocket-key") ?? "";
  if (!KEY.test(key)) throw new RefusedRequest(400, "The header sec-websocket-key is no key");
  const accept = digest("SHA-1", new TextEncoder().encode(key + KEY_SUFFIX)).toBase64();
  return {
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-accept": accept,
    ...(protocolsOf(headers).includes(PROTOCOL) && { "sec-websocket-protocol": PROTOCOL }),
  };
}
