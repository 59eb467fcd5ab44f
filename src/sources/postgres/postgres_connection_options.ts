import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { checkBoolean, received } from "../../runtime/known_options.ts";
import type { SocketAddress } from "../../runtime/stream_socket.ts";

const DEFAULT_PORT = 5432;
const MAX_PORT = 65_535;

/** Where a PostgreSQL server is, and who asks. */
export interface PostgresConnectionOptions {
  /**
   * All in one, such as `postgres://user:password@host:5432/database`; with `?sslmode=disable` or
   * `?sslmode=require` behind, which is `tls`. The other options go before what stands in it.
   */
  url?: string | URL;
  /** The server, or the folder of its Unix socket, which begins with `/`. Default `"localhost"`. */
  host?: string;
  /** Default 5432. */
  port?: number;
  /** Who asks. */
  user?: string;
  /** Default: none. */
  password?: string;
  /** Default: what the user is called. */
  database?: string;
  /**
   * Whether to speak TLS; certificates are always verified. Default: `true`, but for Unix sockets
   * and this machine.
   */
  tls?: boolean;
  /** How long to wait for a connection. Default `"10s"`. */
  connectTimeout?: Duration;
}

/** The names of {@linkcode PostgresConnectionOptions}. */
export const CONNECTION_OPTIONS: Readonly<Record<keyof PostgresConnectionOptions, true>> = {
  url: true,
  host: true,
  port: true,
  user: true,
  password: true,
  database: true,
  tls: true,
  connectTimeout: true,
};

/** {@linkcode PostgresConnectionOptions} with all that is not given. */
export interface PostgresConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: boolean;
  readonly connectMs: number;
}

/** What of a URL was given. */
function partsOf(given: string | URL | undefined, doing: string): PostgresConnectionOptions {
  if (given === undefined) return {};
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new TypeError(
      `Cannot ${doing}: url is no URL such as postgres://user:password@host:5432/database ` +
        "(it is not shown, for there may be a password in it)",
    );
  }
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    throw new TypeError(
      `Cannot ${doing}: url must begin with postgres://, received ${received(url.protocol)}`,
    );
  }
  const part = (text: string) => text === "" ? undefined : decodeURIComponent(text);
  return defined({
    host: part(url.hostname.replace(/^\[|\]$/g, "")) ?? url.searchParams.get("host") ?? undefined,
    port: url.port === "" ? undefined : Number(url.port),
    user: part(url.username),
    password: part(url.password),
    database: part(url.pathname.slice(1)),
    tls: tlsOf(url.searchParams, doing),
  });
}

function defined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

function tlsOf(parameters: URLSearchParams, doing: string): boolean | undefined {
  const strange = [...parameters.keys()].find((name) => name !== "sslmode" && name !== "host");
  if (strange !== undefined) {
    throw new TypeError(
      `Cannot ${doing}: url has the parameter ${received(strange)}; host and sslmode are known`,
    );
  }
  const mode = parameters.get("sslmode");
  if (mode === null) return undefined;
  if (mode === "disable") return false;
  if (["require", "verify-ca", "verify-full"].includes(mode)) return true;
  throw new TypeError(
    `Cannot ${doing}: sslmode must be disable, require, verify-ca or verify-full (certificates ` +
      `are always verified), received ${received(mode)}`,
  );
}

/** Whether nothing leaves this machine on the way to a host. */
function isHere(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || /^127\./.test(host);
}

/**
 * Checks where to connect to.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function connectionSettings(
  options: PostgresConnectionOptions,
  doing: string,
): PostgresConnectionSettings {
  const { connectTimeout = "10s" } = options;
  const given = { ...partsOf(options.url, doing), ...defined({ ...options, url: undefined }) };
  const { host = "localhost", port = DEFAULT_PORT, user, password = "", database = user } = given;
  for (const [name, value] of Object.entries({ host, user, database })) {
    if (typeof value === "string" && value !== "" && !value.includes("\0")) continue;
    throw new TypeError(
      `Cannot ${doing}: ${name} must be a text, alone or in url, received ${received(value)}`,
    );
  }
  if (typeof password !== "string") {
    throw new TypeError(`Cannot ${doing}: password must be a text, received a ${typeof password}`);
  }
  if (!(Number.isInteger(port) && port >= 1 && port <= MAX_PORT)) {
    throw new RangeError(
      `Cannot ${doing}: port must be 1 to ${MAX_PORT}, received ${received(port)}`,
    );
  }
  const { tls = !isHere(host) } = given;
  checkBoolean("tls", tls, doing);
  const connectMs = milliseconds(connectTimeout, "connectTimeout", { least: 1 });
  return { host, port, user: user!, password, database: database!, tls, connectMs };
}

/** Where a socket connects to. */
export function socketAddress({ host, port }: PostgresConnectionSettings): SocketAddress {
  return host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

/** The server for messages, without who asks. */
export function showServer({ host, port, database }: PostgresConnectionSettings): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return `database ${JSON.stringify(database)} at ${shown}:${port}`;
}
