import type { Runtime } from "../../runtime/runtime.ts";
import { connectSocket, type Socket } from "../../runtime/stream_socket.ts";
import { Stop } from "../../stream/stop.ts";
import { type PostgresConnectionSettings, socketAddress } from "./postgres_connection_options.ts";
import {
  type CopyStream,
  type PostgresAnswer,
  type PostgresCell,
  type PostgresClient,
  postgresDriver,
  type PostgresQuery,
} from "./postgres_driver.ts";
import { isLost } from "./postgres_error.ts";

const APPLICATION = "waggle";
const KEEP_ALIVE_S = 60;

/** How rows are asked for. */
export interface QueryOptions {
  readonly parameters?: readonly unknown[];
  readonly signal?: AbortSignal;
  /** Whether several statements are an error. */
  readonly isOne?: boolean;
}

/** Gives the bytes of a COPY, one piece after the other; a piece is read before the next is made. */
export type CopyPieces = () => Iterable<Uint8Array>;

/**
 * One connection to a server, made when it is first needed, and never another: what was begun on one
 * cannot go on on the next.
 */
export class PostgresSession {
  readonly #settings: PostgresConnectionSettings;
  readonly #runtime: Runtime;
  readonly #client: PostgresClient;
  readonly #sockets = new Set<Socket>();
  #isConnected = false;
  #mayConnect = true;
  #isLost = false;

  /**
   * Connects to nothing yet.
   *
   * @param parameters Of the session, such as `TimeZone`.
   */
  constructor(
    settings: PostgresConnectionSettings,
    runtime: Runtime,
    parameters: Readonly<Record<string, string>> = {},
  ) {
    this.#settings = settings;
    this.#runtime = runtime;
    // All that npm:postgres would otherwise take from the environment of the process.
    this.#client = postgresDriver()({
      host: settings.host,
      port: settings.port,
      user: settings.user,
      password: () => settings.password,
      database: settings.database,
      ssl: settings.tls ? {} : false,
      sslnegotiation: null,
      connection: { application_name: APPLICATION, ...parameters },
      socket: () => this.#connect(),
      connect_timeout: settings.connectMs / 1000,
      backoff: () => 0,
      ...{ max: 1, max_pipeline: 1, idle_timeout: null, max_lifetime: null },
      ...{ keep_alive: KEEP_ALIVE_S, prepare: true, debug: false, fetch_types: false },
      ...{ publications: "alltables", target_session_attrs: null },
      onnotice: () => {},
      onclose: () => this.#isLost = true,
    });
  }

  /** Whether it has a connection that was not lost, as far as is known. */
  get isOpen(): boolean {
    return this.#isConnected && !this.#isLost;
  }

  /** Whether it had a connection, and has it no longer. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Asks for rows; without parameters there may be several statements, which are one transaction,
   * unless `isOne` says that it is to be one.
   */
  query(sql: string, { parameters, signal, isOne = false }: QueryOptions = {}): Promise<
    PostgresAnswer
  > {
    const how = { prepare: true, ...(isOne && { simple: false }) };
    return this.#run(this.#client.unsafe(sql, parameters, how), signal);
  }

  /** Asks for rows whose cells are bytes. */
  rawRows(
    sql: string,
    signal: AbortSignal | undefined,
  ): Promise<PostgresAnswer<(PostgresCell | null)[]>> {
    return this.#run(this.#client.unsafe(sql).raw(), signal);
  }

  /** Copies bytes to the server by a `COPY … FROM STDIN`; `begun` is called when it wants them. */
  async copy(
    sql: string,
    pieces: CopyPieces,
    { signal, begun }: { signal: AbortSignal | undefined; begun: () => void },
  ): Promise<void> {
    using stop = new Stop(signal);
    const query = this.#client.unsafe(sql);
    try {
      const copy = await stop.or(openCopy(query));
      begun();
      await stop.or(copy.send(pieces, signal));
    } catch (error) {
      await this.#failed(error, query, signal);
      throw error;
    }
  }

  /** Ends the connection; what the server has not finished it undoes. */
  async close(): Promise<void> {
    this.#isLost = true;
    await this.#client.end({ timeout: 0 }).catch(() => {}); // nobody is asked any more
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async #run<Row>(
    query: PostgresQuery<Row>,
    signal: AbortSignal | undefined,
  ): Promise<PostgresAnswer<Row>> {
    using stop = new Stop(signal);
    try {
      return await stop.or(query);
    } catch (error) {
      await this.#failed(error, query, signal);
      throw error;
    }
  }

  /** An aborted query leaves a connection of which nobody knows what it does: it is given up. */
  async #failed<Row>(
    error: unknown,
    query: PostgresQuery<Row>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (isLost(error)) this.#isLost = true;
    if (!signal?.aborted || error !== signal.reason) return;
    query.catch(() => {});
    if (this.#isConnected && !this.#isLost) await this.#cancel(query);
    await this.close();
  }

  /** Asks the server to stop, through a connection of its own. */
  async #cancel<Row>(query: PostgresQuery<Row>): Promise<void> {
    this.#mayConnect = true;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const cancelTimer = this.#runtime.after(this.#settings.connectMs, resolve);
    try {
      await Promise.race([query.cancel(), over]);
    } catch {
      // The server undoes what it did when it hears that nobody is there.
    } finally {
      cancelTimer();
    }
  }

  /** Connects once: npm:postgres would connect again, and send there what belongs to the first. */
  async #connect(): Promise<Socket> {
    if (!this.#mayConnect) {
      throw Object.assign(new Error("the connection was lost"), { code: "CONNECTION_CLOSED" });
    }
    this.#mayConnect = false;
    const { host, connectMs: timeoutMs } = this.#settings;
    const address = socketAddress(this.#settings);
    const socket = await connectSocket(address, { runtime: this.#runtime, timeoutMs });
    this.#isConnected = true;
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return Object.assign(socket, { host });
  }
}

/** The data of a COPY on their way. */
class Copy {
  readonly #stream: CopyStream;
  readonly #finished = Promise.withResolvers<void>();

  /** Listens at once: an error may come in the same packet as the word to begin. */
  constructor(stream: CopyStream) {
    this.#stream = stream;
    this.#finished.promise.catch(() => {}); // is waited for by send()
    stream.on("error", (error) => this.fail(error));
    stream.on("finish", this.#finished.resolve);
  }

  /** The server has refused it: what comes behind the last byte the stream is not told of. */
  fail(error: unknown): void {
    this.#finished.reject(error);
  }

  /** Writes piece by piece, each when the one before has left; resolves when the server has all. */
  async send(pieces: CopyPieces, signal: AbortSignal | undefined): Promise<void> {
    const { promise: finished } = this.#finished;
    try {
      for (const piece of pieces()) {
        const written = Promise.withResolvers<void>();
        written.promise.catch(() => {}); // `finished` has the reason
        this.#stream.write(piece, (error) => error ? undefined : written.resolve());
        await Promise.race([written.promise, finished]);
        signal?.throwIfAborted();
      }
    } catch (error) {
      this.#stream.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
    this.#stream.end();
    await finished;
  }
}

/** Begins a COPY. */
function openCopy(query: PostgresQuery): Promise<Copy> {
  const { promise, resolve, reject } = Promise.withResolvers<Copy>();
  const { resolve: resolveQuery, reject: rejectQuery } = query;
  let copy: Copy | undefined;
  query.resolve = (answer) => {
    if ("write" in answer) resolve(copy = new Copy(answer));
    resolveQuery(answer);
  };
  query.reject = (error) => {
    copy?.fail(error);
    rejectQuery(error);
  };
  query.writable().catch(reject);
  return promise;
}
