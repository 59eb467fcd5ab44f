import type { Runtime } from "../../../runtime/runtime.ts";
import { placeOf } from "../client/address.ts";
import { checkVersions } from "../client/broker_versions.ts";
import { dialFailure } from "../client/dial_failure.ts";
import type { Dialer, Link } from "../client/link.ts";
import { DialError } from "../client/link.ts";
import { explainedTls, tlsSettings } from "../client/tls_settings.ts";
import type { ConnectionOptions } from "../driver.ts";
import type { KafkaLogin } from "../kafka_login.ts";
import { versionsRequest } from "../wire/cluster_requests.ts";
import { KafkajsLink } from "./kafkajs_link.ts";
import type { KafkajsPackage, KafkajsSocket } from "./kafkajs_package.ts";
import { tokenLogin } from "./token_login.ts";

const SASL_AUTHENTICATE = 36;
const CLOSED = "closed the connection";
/** kafkajs waits for no answer by itself: its clock is not the runtime's. */
const NEVER_MS = 2 ** 31 - 1;

/** kafkajs's logs would show what it sends; its own logger reads the environment, too. */
const SILENCE: { namespace(): unknown; [level: string]: () => unknown } = {
  namespace: () => SILENCE,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

/** Connects by kafkajs: sockets, TLS, SASL and the order of answers are its own. */
export class KafkajsDialer implements Dialer {
  readonly #kafkajs: KafkajsPackage;
  readonly #options: ConnectionOptions;
  readonly #runtime: Runtime;

  /** Connects as the options say. */
  constructor(kafkajs: KafkajsPackage, options: ConnectionOptions, runtime: Runtime) {
    this.#kafkajs = kafkajs;
    this.#options = options;
    this.#runtime = runtime;
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
      throw dialFailure(await explainedTls(failure, address, this.#options), this.#options.login);
    } finally {
      cancel();
      signal?.removeEventListener("abort", stop);
    }
  }

  async #open(link: KafkajsLink): Promise<void> {
    const { connection } = link;
    await connection.connect();
    link.connected();
    const versions = await link.send(versionsRequest(), this.#options.connectionTimeoutMs);
    checkVersions(versions);
    const { ranges } = versions;
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
    const { hostname: host, port } = placeOf(address);
    const options = {
      host,
      port,
      logger: SILENCE,
      clientId,
      socketFactory: (options: Parameters<typeof makeSocket>[0]) => {
        const socket = makeSocket(options);
        socket.setNoDelay(true);
        made(socket);
        return socket;
      },
      ssl: login?.tls ? tlsSettings(login.tls) : null,
      sasl: saslOf(login),
      connectionTimeout: NEVER_MS,
      requestTimeout: NEVER_MS,
      enforceRequestTimeout: false,
    };
    try {
      return new this.#kafkajs.Connection(options);
    } catch (error) {
      throw dialFailure(error as Error); // it reads the environment, and may not be allowed to
    }
  }
}

function saslOf(login?: KafkaLogin): Readonly<Record<string, unknown>> | null {
  const sasl = login?.sasl;
  if (sasl === undefined) return null;
  if (sasl.mechanism !== "oauthbearer") return { ...sasl };
  return { mechanism: sasl.mechanism, authenticationProvider: tokenLogin(sasl) };
}
