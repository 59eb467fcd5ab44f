import type { Runtime } from "../../../runtime/runtime.ts";
import { placeOf } from "../client/address.ts";
import { checkVersions } from "../client/broker_versions.ts";
import { dialFailure } from "../client/dial_failure.ts";
import { type Dialer, DialError, type Link } from "../client/link.ts";
import { explainedTls, tlsSettings } from "../client/tls_settings.ts";
import { tokenOf } from "../client/token.ts";
import type { ConnectionOptions } from "../driver.ts";
import type { KafkaLogin } from "../kafka_login.ts";
import { versionsRequest } from "../wire/cluster_requests.ts";
import { guardAnswers } from "./guard_answers.ts";
import { hangUp, PlatformaticLink } from "./platformatic_link.ts";
import type {
  PlatformaticCallback,
  PlatformaticConnection,
  PlatformaticPackage,
} from "./platformatic_package.ts";

/** It waits for nothing by itself: its clock is not the runtime's. */
const NEVER_MS = 2 ** 31 - 1;
/** Its code of a refused login. */
const REFUSED = "PLT_KFK_AUTHENTICATION";
/** How many requests are under way is decided by those who send them. */
const MOST_UNDER_WAY = 1_000_000;

interface Failure extends Error {
  readonly code?: string;
  readonly errors?: readonly Failure[];
  /** The broker's own name of an error. */
  readonly apiId?: string;
}

/** Connects by `@platformatic/kafka`: sockets, TLS, SASL and the order of answers are its own. */
export class PlatformaticDialer implements Dialer {
  readonly #package: PlatformaticPackage;
  readonly #options: ConnectionOptions;
  readonly #runtime: Runtime;

  /** Connects as the options say. */
  constructor(given: PlatformaticPackage, options: ConnectionOptions, runtime: Runtime) {
    this.#package = given;
    this.#options = options;
    this.#runtime = runtime;
  }

  async dial(address: string, { signal }: { signal?: AbortSignal } = {}): Promise<Link> {
    signal?.throwIfAborted();
    const { clientId, connectionTimeoutMs, login } = this.#options;
    const connection = new this.#package.Connection(clientId, optionsOf(login));
    const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
    broken.catch(() => {}); // also where nobody waits for it any more
    connection.on("error", (error) => breakOff(error));
    const late = `did not answer within ${connectionTimeoutMs} ms`;
    const cancel = this.#runtime.after(
      connectionTimeoutMs,
      () => breakOff(new DialError(late, { isPassing: true })),
    );
    const stop = () => breakOff(signal!.reason);
    signal?.addEventListener("abort", stop);
    try {
      return await Promise.race([this.#open(connection, address), broken]);
    } catch (error) {
      await hangUp(connection);
      signal?.throwIfAborted();
      const failure = causeOf(error as Failure);
      throw dialFailure(await explainedTls(failure, address, this.#options), login);
    } finally {
      cancel();
      signal?.removeEventListener("abort", stop);
    }
  }

  async #open(connection: PlatformaticConnection, address: string): Promise<Link> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { hostname, port } = placeOf(address);
    connection.connect(hostname, port, (error) => error === null ? resolve() : reject(error));
    const { socket } = connection;
    const connected = this.#options.login?.tls ? "secureConnect" : "connect";
    socket?.once(connected, () => guardAnswers(socket));
    await promise;
    const { Writer: writer } = this.#package;
    const link = new PlatformaticLink(connection, { address, writer, runtime: this.#runtime });
    checkVersions(await link.send(versionsRequest(), this.#options.connectionTimeoutMs));
    return link;
  }
}

/** What is behind a failure: a socket's error, or why a login was refused. */
function causeOf(error: Failure): Failure {
  const chain = [...causesOf(error)];
  const ours = chain.find((cause) => cause instanceof DialError);
  if (ours !== undefined) return ours;
  const code = chain.find((cause) => cause.code === REFUSED)?.code;
  if (code === undefined) return chain.at(-1)!;
  const said = chain.flatMap(({ errors = [] }) => errors).find(({ apiId }) => apiId !== undefined);
  return Object.assign(new Error(said?.apiId ?? "no reason given"), { code });
}

function* causesOf(error: Failure): Generator<Failure> {
  yield error;
  if (error.cause instanceof Error) yield* causesOf(error.cause);
  for (const part of error.errors ?? []) yield* causesOf(part);
}

function optionsOf(login?: KafkaLogin): Readonly<Record<string, unknown>> {
  return {
    connectTimeout: NEVER_MS,
    requestTimeout: NEVER_MS,
    maxInflights: MOST_UNDER_WAY,
    handleBackPressure: true,
    ...(login?.tls && { tls: tlsSettings(login.tls) }),
    ...(login?.sasl && { sasl: saslOf(login.sasl) }),
  };
}

function saslOf(sasl: NonNullable<KafkaLogin["sasl"]>): Readonly<Record<string, unknown>> {
  const mechanism = sasl.mechanism.toUpperCase();
  if (sasl.mechanism !== "oauthbearer") {
    return { mechanism, username: sasl.username, password: sasl.password };
  }
  return { mechanism, token: () => tokenOf(sasl), authBytesValidator: checkTaken };
}

/** A broker that does not take a token says so in what looks like a good answer: RFC 7628, 3.2.2. */
function checkTaken(said: Uint8Array, callback: PlatformaticCallback<Uint8Array>): void {
  callback(said.length === 0 ? null : new Error("invalid_token"), said);
}
