import { probeTls } from "../../../runtime/tls_probe.ts";
import type { Runtime } from "../../../runtime/runtime.ts";
import type { Dialer, Link } from "../client/link.ts";
import { DialError } from "../client/link.ts";
import type { ConnectionOptions } from "../driver.ts";
import type { KafkaLogin, TlsOptions } from "../kafka_login.ts";
import { APIS } from "../wire/apis.ts";
import { type VersionRange, versionsRequest } from "../wire/cluster_requests.ts";
import { dialFailure } from "./dial_failure.ts";
import { KafkajsLink } from "./kafkajs_link.ts";
import type { KafkajsPackage, KafkajsSocket } from "./kafkajs_package.ts";
import { tokenLogin } from "./token_login.ts";

const SASL_AUTHENTICATE = 36;
const CLOSED = "closed the connection";
const TOO_OLD = "is too old: Kafka 2.5 or newer is needed";
/** What `node:tls` says of a certificate that is not trusted, for whatever reason. */
const VAGUE = /^(UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_)/;
const PROBE_MS = 3_000;
/** kafkajs waits for no answer by itself: its clock is not the runtime's. */
const NEVER_MS = 2 ** 31 - 1;

/** Connects by kafkajs: sockets, TLS, SASL and the order of answers are its own. */
export class KafkajsDialer implements Dialer {
  readonly #kafkajs: KafkajsPackage;
  readonly #options: ConnectionOptions;
  readonly #runtime: Runtime;
  readonly #logger: unknown;

  /** Connects as the options say. */
  constructor(kafkajs: KafkajsPackage, options: ConnectionOptions, runtime: Runtime) {
    this.#kafkajs = kafkajs;
    this.#options = options;
    this.#runtime = runtime;
    this.#logger = kafkajs.createLogger({ level: 0, logCreator: () => () => {} });
  }

  async dial(address: string, { signal }: { signal?: AbortSignal } = {}): Promise<Link> {
    signal?.throwIfAborted();
    let socket: KafkajsSocket | undefined;
    let failure: (Error & { code?: string }) | undefined;
    const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
    broken.catch(() => {}); // also where nobody waits for it any more
    const connection = this.#connection(address, (made) => {
      socket = made;
      made.on("error", (error) => failure ??= error);
      // What came before the end is heard first.
      made.once(
        "close",
        () =>
          this.#runtime.soon(() => breakOff(failure ?? new DialError(CLOSED, { isPassing: true }))),
      );
    });
    const end = (why: Error) => {
      failure ??= why;
      socket?.destroy(why);
      breakOff(why);
    };
    const { connectionTimeoutMs } = this.#options;
    const late = `did not answer within ${connectionTimeoutMs} ms`;
    const cancel = this.#runtime.after(
      connectionTimeoutMs,
      () => end(new DialError(late, { isPassing: true })),
    );
    const stop = () => end(signal!.reason);
    signal?.addEventListener("abort", stop);
    const link = new KafkajsLink(connection, {
      address,
      clientId: this.#options.clientId,
      runtime: this.#runtime,
      socket: () => socket!,
    });
    try {
      await Promise.race([this.#open(link), broken]);
      return link;
    } catch (error) {
      failure ??= error as Error;
      await link.close();
      signal?.throwIfAborted();
      throw dialFailure(await this.#explained(failure, address), this.#options.login);
    } finally {
      cancel();
      signal?.removeEventListener("abort", stop);
    }
  }

  async #open(link: KafkajsLink): Promise<void> {
    const { connection } = link;
    await connection.connect();
    link.connected();
    const { code, ranges } = await link.send(versionsRequest(), this.#options.connectionTimeoutMs);
    if (code !== 0) throw new DialError(TOO_OLD, { isPassing: false });
    checkVersions(ranges);
    connection.setVersions(Object.fromEntries(
      ranges.map(({ key, least, most }) => [key, { minVersion: least, maxVersion: most }]),
    ));
    connection.setSupportAuthenticationProtocol(
      ranges.some(({ key }) => key === SASL_AUTHENTICATE),
    );
    if (this.#options.login?.sasl) await link.logIn();
  }

  /** A failure in TLS that `node:tls` does not tell apart from others, with what is behind it. */
  async #explained(failure: Error & { code?: string }, address: string): Promise<Error> {
    const { login, connectionTimeoutMs } = this.#options;
    if (!login?.tls || !VAGUE.test(failure.code ?? "")) return failure;
    const { ca, serverName } = login.tls === true ? {} as TlsOptions : login.tls;
    const why = await probeTls({
      ...placeOf(address),
      ...(serverName !== undefined && { serverName }),
      caCerts: typeof ca === "string" ? [ca] : ca ?? [],
      timeoutMs: Math.min(connectionTimeoutMs, PROBE_MS),
    });
    return why === undefined ? failure : new Error(why);
  }

  #connection(address: string, made: (socket: KafkajsSocket) => void) {
    const { clientId, login } = this.#options;
    const makeSocket = this.#kafkajs.socketFactory();
    const { hostname: host, port } = placeOf(address);
    return new this.#kafkajs.Connection({
      host,
      port,
      logger: this.#logger,
      clientId,
      socketFactory: (options: Parameters<typeof makeSocket>[0]) => {
        const socket = makeSocket(options);
        socket.setNoDelay(true);
        made(socket);
        return socket;
      },
      ssl: login?.tls ? tlsOf(login.tls) : null,
      sasl: saslOf(login),
      connectionTimeout: NEVER_MS,
      requestTimeout: NEVER_MS,
      enforceRequestTimeout: false,
    });
  }
}

function placeOf(address: string): { hostname: string; port: number } {
  const colon = address.lastIndexOf(":");
  const hostname = address.slice(0, colon).replace(/^\[|\]$/g, "");
  return { hostname, port: Number(address.slice(colon + 1)) };
}

function checkVersions(ranges: readonly VersionRange[]): void {
  for (const { key, name, version } of Object.values(APIS)) {
    const range = ranges.find((range) => range.key === key);
    if (range !== undefined && range.least <= version && version <= range.most) continue;
    const known = range === undefined ? "none" : `${range.least} to ${range.most}`;
    throw new DialError(
      `does not speak version ${version} of ${name} (but ${known}): brokers of Kafka 2.5 and newer do`,
      { isPassing: false },
    );
  }
}

function tlsOf(tls: true | TlsOptions): Readonly<Record<string, unknown>> {
  const { ca, cert, key, serverName } = tls === true ? {} as TlsOptions : tls;
  return {
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca: typeof ca === "string" ? [ca] : [...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

function saslOf(login?: KafkaLogin): Readonly<Record<string, unknown>> | null {
  const sasl = login?.sasl;
  if (sasl === undefined) return null;
  if (sasl.mechanism !== "oauthbearer") return { ...sasl };
  return { mechanism: sasl.mechanism, authenticationProvider: tokenLogin(sasl) };
}
