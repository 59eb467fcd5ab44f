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

const SASL_AUTHENTICATE = 36;
const CLOSED = "closed the connection";
const TOO_OLD = "is too old: Kafka 2.5 or newer is needed";
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
      made.once("close", () => breakOff(failure ?? new DialError(CLOSED, { isPassing: true })));
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
      throw dialFailure(failure, this.#options.login);
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

  #connection(address: string, made: (socket: KafkajsSocket) => void) {
    const { clientId, login } = this.#options;
    const makeSocket = this.#kafkajs.socketFactory();
    const colon = address.lastIndexOf(":");
    return new this.#kafkajs.Connection({
      host: address.slice(0, colon).replace(/^\[|\]$/g, ""),
      port: Number(address.slice(colon + 1)),
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
  return {
    mechanism: sasl.mechanism,
    oauthBearerProvider: async () => ({ value: await sasl.token() }),
  };
}
