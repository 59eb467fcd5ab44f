import type { Runtime } from "../../../runtime/runtime.ts";
import { GARBLED, type Link, LinkError, MOST_ANSWER_BYTES } from "../client/link.ts";
import type { WireRequest } from "../wire/apis.ts";
import { WireReader } from "../wire/wire_reader.ts";
import type { KafkajsConnection, KafkajsSocket } from "./kafkajs_package.ts";

const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);

/** What a {@linkcode KafkajsLink} is made of. */
export interface KafkajsLinkOptions {
  readonly address: string;
  readonly clientId: string;
  readonly runtime: Runtime;
  /** The socket, once there is one. */
  readonly socket: () => KafkajsSocket | undefined;
}

/** A connection of kafkajs that carries our own requests. */
export class KafkajsLink implements Link {
  readonly connection: KafkajsConnection;
  readonly address: string;
  readonly #clientId: Uint8Array;
  readonly #runtime: Runtime;
  readonly #socket: () => KafkajsSocket | undefined;
  #isOpen = false;
  #closing: Promise<void> | undefined;
  /** Whether we have logged in, which the broker may want again after a time: KIP-368. */
  #isLoggedIn = false;
  #login: Promise<void> | undefined;
  /** How many requests wait for it, and others behind them. */
  #waiting = 0;

  /** A connection that is not made yet. */
  constructor(
    connection: KafkajsConnection,
    { address, clientId, runtime, socket }: KafkajsLinkOptions,
  ) {
    this.connection = connection;
    // kafkajs arms a timer behind every answer, with a negative time, which Node warns of. It is for
    // requests that wait in its queue; ours never do.
    connection.requestQueue.scheduleCheckPendingRequests = () => {};
    this.#guard();
    this.address = address;
    this.#clientId = encoder.encode(clientId);
    this.#runtime = runtime;
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return this.#isOpen && this.connection.isConnected();
  }

  /** It was made; it is closed with its socket. */
  connected(): void {
    this.#isOpen = true;
    this.#socket()?.once("close", () => void this.close());
  }

  /** Proves who we are. */
  async logIn(): Promise<void> {
    await this.connection.authenticate();
    this.#isLoggedIn = true;
  }

  async send<Answer>(request: WireRequest<Answer>, timeoutMs: number): Promise<Answer> {
    if (!this.isOpen) throw this.#ended();
    const isExpired = this.#isLoggedIn && !this.connection.isAuthenticated();
    if (isExpired || this.#waiting > 0) await this.#loggedIn(isExpired);
    const { buffer, byteOffset, byteLength } = await this.#exchange(request, timeoutMs);
    const answer = new Uint8Array(buffer, byteOffset, byteLength); // of a Buffer, slice() is a view
    return request.read(new WireReader(answer, request.api.isFlexible));
  }

  async close(): Promise<void> {
    return await (this.#closing ??= this.#close());
  }

  /** kafkajs takes answers where the socket gives them: what it throws there would end the process. */
  #guard(): void {
    const { connection } = this;
    const take = connection.processData;
    connection.processData = (bytes) => {
      try {
        take.call(connection, bytes);
        if (connection.bytesNeeded <= MOST_ANSWER_BYTES) return;
      } catch {
        // told below
      }
      const error = new LinkError(this.address, GARBLED);
      connection.requestQueue.rejectAll(error);
      this.#socket()?.destroy(error);
    };
  }

  async #loggedIn(isExpired: boolean): Promise<void> {
    this.#waiting++;
    try {
      if (isExpired) {
        this.#login ??= this.connection.authenticate().finally(() => this.#login = undefined);
      }
      await this.#login;
    } catch {
      await this.close(); // whoever connects anew hears why
      throw this.#ended();
    } finally {
      this.#waiting--;
    }
  }

  async #exchange<Answer>(request: WireRequest<Answer>, timeoutMs: number): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const { api, isAnswered } = request;
    const correlationId = this.connection.nextCorrelationId();
    // What nobody answers is done when the socket has it: so a slow one is not given without end.
    const written = (error?: Error | null) => error ? reject(this.#ended()) : resolve(EMPTY);
    this.connection.requestQueue.push({
      entry: {
        apiKey: api.key,
        apiName: api.name,
        apiVersion: api.version,
        correlationId,
        resolve: ({ payload }) => isAnswered && resolve(payload ?? EMPTY),
        reject: (error) => reject(error instanceof LinkError ? error : this.#ended()),
      },
      expectResponse: isAnswered,
      requestTimeout: null,
      sendRequest: () => this.#write(request, correlationId, isAnswered ? undefined : written),
    });
    const cancel = this.#runtime.after(timeoutMs, () => {
      const late = `did not answer within ${timeoutMs} ms`;
      reject(new LinkError(this.address, late, { isLate: true }));
      void this.close();
    });
    try {
      return await promise;
    } finally {
      cancel();
    }
  }

  /** The header of a request, version 1 or 2: "Protocol Request and Response Header". */
  #write(
    request: WireRequest<unknown>,
    correlationId: number,
    written?: (error?: Error | null) => void,
  ): void {
    const { api, body } = request;
    const length = 14 + this.#clientId.length + (api.isFlexible ? 1 : 0);
    const header = new Uint8Array(length);
    const view = new DataView(header.buffer);
    view.setInt32(0, body.reduce((sum, piece) => sum + piece.length, length - 4));
    view.setInt16(4, api.key);
    view.setInt16(6, api.version);
    view.setInt32(8, correlationId);
    view.setInt16(12, this.#clientId.length);
    header.set(this.#clientId, 14);
    const socket = this.#socket()!;
    socket.cork();
    socket.write(header);
    for (const [i, piece] of body.entries()) {
      socket.write(piece, i === body.length - 1 ? written : undefined);
    }
    socket.uncork();
  }

  #ended(): LinkError {
    return new LinkError(this.address, "closed the connection");
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    const { connection } = this;
    connection.requestQueue.rejectAll(this.#ended());
    const socket = this.#socket();
    if (socket !== undefined && !socket.destroyed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.once("close", resolve);
      socket.destroy();
      await promise;
    }
    await connection.disconnect();
    connection.requestQueue.destroy();
  }
}
