import { withoutBlanks } from "../../codecs/without_blanks.ts";
import type { TcpConnection } from "../../runtime/tcp.ts";

const MOST_BYTES = 16_384;
const METHOD_LINE = /^([A-Z]{1,16}) ([\x21-\x7e]+) HTTP\/1\.1$/;
/** A target with a scheme and a host, without a user: what a proxy asks for, say. */
const ABSOLUTE = /^(?:http|ws)s?:\/\/([^/?#@]+)((?:[/?].*)?)$/i;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\x20-\x7e\t\x80-\xff]*$/;

/** What a client asks for before it may speak (RFC 9112). */
export interface RequestHead {
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By their names in small letters; what came more than once stands with commas between. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A head, and the bytes behind it that came with it. */
export interface ReceivedHead {
  readonly head: RequestHead;
  readonly rest: Uint8Array;
}

/** A request that is answered by a status instead of a WebSocket. */
export class RefusedRequest extends Error {
  /** The name of the class. */
  override readonly name: string = "RefusedRequest";
  /** Of the answer. */
  readonly status: number;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /** With what the client is told. */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Names that may come once only, for two of them could be read in two ways. */
const SINGLE = new Set([
  "authorization",
  "content-length",
  "host",
  "origin",
  "sec-websocket-key",
  "sec-websocket-version",
]);

/** What is asked for, in any form that a server has to accept of GET (RFC 9112, section 3.2). */
function targetOf(asked: string): { readonly target: string; readonly host?: string } {
  const [, host, rest] = ABSOLUTE.exec(asked) ?? [];
  if (host === undefined) return { target: asked };
  return { target: rest.startsWith("/") ? rest : `/${rest}`, host };
}

function parse(text: string): RequestHead {
  const [first, ...lines] = text.split("\r\n");
  const [, method, asked = ""] = METHOD_LINE.exec(first) ?? [];
  const { target, host } = targetOf(asked);
  if (method === undefined || !target.startsWith("/")) {
    throw new RefusedRequest(400, "Expected a request such as GET / HTTP/1.1");
  }
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const key = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = withoutBlanks(line.slice(colon + 1));
    if (!HEADER_NAME.test(key) || !HEADER_VALUE.test(value)) {
      throw new RefusedRequest(400, "A header line cannot be read");
    }
    const before = headers.get(key);
    if (before !== undefined && SINGLE.has(key)) {
      throw new RefusedRequest(400, `The header ${key} came twice`);
    }
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  // The host of the target counts in the place of a header, which has to be there all the same.
  if (host !== undefined && headers.has("host")) headers.set("host", host);
  const [path, query = ""] = target.split(/\?(.*)/s);
  return { method, path, query: new URLSearchParams(query), headers };
}

function endOf(bytes: Uint8Array): number {
  for (let at = 0; at + 3 < bytes.length; at++) {
    if (
      bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10
    ) return at;
  }
  return -1;
}

/**
 * Reads the head of a request; `undefined` when the client leaves before it is whole.
 *
 * @throws {RefusedRequest} when it is none, or too long.
 */
export async function readHead(tcp: TcpConnection): Promise<ReceivedHead | undefined> {
  const bytes = new Uint8Array(MOST_BYTES);
  for (let filled = 0; filled < bytes.length;) {
    const read = await tcp.read(bytes.subarray(filled));
    if (read === null) return undefined;
    const from = Math.max(0, filled - 3);
    filled += read;
    const end = endOf(bytes.subarray(from, filled));
    if (end === -1) continue;
    const text = latin1(bytes.subarray(0, from + end));
    return { head: parse(text), rest: bytes.slice(from + end + 4, filled) };
  }
  throw new RefusedRequest(431, `The head of a request may have ${MOST_BYTES} bytes`);
}

/** Each byte is a character, as in the heads of HTTP. */
function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

const STATUS: Readonly<Record<number, string>> = {
  101: "Switching Protocols",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
};

/** The head of an answer, with a text behind it where there is one. */
export function answerBytes(
  status: number,
  headers: Readonly<Record<string, string>>,
  text?: string,
): Uint8Array {
  const body = new TextEncoder().encode(text === undefined ? "" : `${text}\n`);
  const all = text === undefined ? headers : {
    ...headers,
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(body.length),
    connection: "close",
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = new TextEncoder().encode(
    `HTTP/1.1 ${status} ${STATUS[status]}\r\n${lines.join("")}\r\n`,
  );
  const answer = new Uint8Array(head.length + body.length);
  answer.set(head);
  answer.set(body, head.length);
  return answer;
}
