import { received } from "./known_options.ts";

/** Values that are shorter, or of these headers, are no secrets. */
const LEAST_SECRET_CHARACTERS = 4;
const PUBLIC_HEADERS = new Set([
  ...["accept", "accept-encoding", "accept-language", "cache-control", "connection"],
  ...["content-encoding", "content-type", "host", "origin", "range", "user-agent"],
]);
const MOST_CAUSES = 8;

/** Options of {@linkcode WebAddress}. */
export interface WebAddressOptions {
  /** What cannot be done without it, to begin messages with: `"create HttpPublisher"`. */
  readonly doing: string;
  /** What it is called where it was given, for messages. Default `url`. */
  readonly option?: string;
  /** What it may begin with. Default `http:` and `https:`. */
  readonly protocols?: readonly string[];
  /** Headers that go along. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An address on the web, with the headers to go there, and without its secrets in messages. */
export class WebAddress {
  /** Without a name and password, which are in the headers. */
  readonly url: URL;
  /** What was given, and an `Authorization` of the name and password in the address. */
  readonly headers: Readonly<Record<string, string>>;
  /** What it is called in messages: without password and query. */
  readonly name: string;
  readonly #secrets: readonly string[];

  /**
   * An address.
   *
   * @throws {TypeError} when it is none, or a header is none.
   */
  constructor(url: string | URL, options: WebAddressOptions) {
    const { doing, option = "url", protocols = ["http:", "https:"], headers = {} } = options;
    const parsed = parse(url, `Cannot ${doing}: ${option}`, protocols);
    const { username, password } = parsed;
    this.headers = { ...authorization(parsed), ...checkHeaders(headers, doing) };
    this.name = parsed.origin + parsed.pathname + (parsed.search === "" ? "" : "?…");
    parsed.username = parsed.password = parsed.hash = "";
    this.url = parsed;
    this.#secrets = [
      ...[username, password].flatMap((each) => [each, decoded(each)]),
      ...Array.from(parsed.searchParams, ([, value]) => value),
      ...parsed.search.slice(1).split("&").map((pair) => pair.slice(pair.indexOf("=") + 1)),
      ...Object.entries(this.headers).flatMap(([name, value]) => secretsOf(name, value)),
    ].filter(({ length }) => length >= LEAST_SECRET_CHARACTERS).sort((a, b) => b.length - a.length);
  }

  /** A text from outside without the address in full, and without its secrets. */
  hush(text: string): string {
    const shown = text.replaceAll(this.url.href, this.name);
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), shown);
  }

  /** An error from outside as one that tells no secrets, and says what is behind it. */
  hushed(error: unknown): Error {
    const texts: string[] = [];
    for (let at = error; at !== undefined && texts.length < MOST_CAUSES;) {
      texts.push(at instanceof Error ? at.message : String(at));
      at = at instanceof Error ? at.cause : undefined;
    }
    return new Error(this.hush(texts.join(": ")));
  }
}

function parse(url: string | URL, what: string, protocols: readonly string[]): URL {
  const such = `${protocols[0]}//host/path`;
  if (typeof url !== "string" && !(url instanceof URL)) {
    throw new TypeError(
      `${what} must be a URL such as ${such}, received ${received(url)}`,
    );
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && protocols.includes(parsed.protocol)) return parsed;
  // What cannot be read may hold a password all the same.
  throw new TypeError(
    `${what} must be a URL such as ${such}, received one ` +
      (parsed ? `that begins with ${parsed.protocol}` : "that cannot be read"),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 7617: what a name and password are in a header. */
function authorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const both = new TextEncoder().encode(`${decoded(username)}:${decoded(password)}`);
  return { authorization: `Basic ${both.toBase64()}` };
}

/** Headers by their names in lower case. */
function checkHeaders(given: Readonly<Record<string, string>>, doing: string) {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(
      `Cannot ${doing}: headers are an object such as { authorization: "Bearer …" }, received ` +
        received(given),
    );
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    try {
      new Headers({ [name]: value });
    } catch {
      throw new TypeError(
        `Cannot ${doing}: the header ${JSON.stringify(name)} cannot be sent; a name has letters, ` +
          `digits and hyphens, a value no line ends`,
      );
    }
    headers[name.toLowerCase()] = String(value).trim();
  }
  return headers;
}

/** The value of a header, and what is behind its scheme. */
function secretsOf(name: string, value: string): string[] {
  return PUBLIC_HEADERS.has(name) ? [] : [value, ...value.split(/\s+/).slice(1)];
}
