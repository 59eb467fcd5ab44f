/**
 * A WebSocket server of npm:ws, which can be made to do what other sides do.
 *
 * @module
 */
// @ts-types="npm:@types/ws@8.18.1"
import { type WebSocket, WebSocketServer } from "ws";
import { AvroFileDecoder } from "../../mod.ts";
import { fromMessagePack } from "../../src/codecs/msgpack/message_pack.ts";
import { answerText, unnumbered, type WireMessage } from "../../src/sources/websocket_wire.ts";

/** Options of {@linkcode WsServer}. */
export interface WsServerOptions {
  /** Whether it acknowledges, and so expects numbers. */
  readonly acknowledge?: boolean;
  /** The most bytes of a message. */
  readonly maxPayload?: number;
  /** What is done with a connection as soon as there is one; its messages are not collected then. */
  readonly connected?: (socket: WebSocket, headers: Record<string, unknown>) => void;
}

type Row = Record<string, unknown>;

/** The rows of a message, whatever its format. */
export function rowsOfMessage(message: WireMessage): Row[] {
  if (typeof message === "string") return JSON.parse(message);
  if (message[0] !== 0x4f) return fromMessagePack(message).toRows();
  const decoder = new AvroFileDecoder();
  return [...decoder.push(message), ...decoder.finish()].flatMap((batch) => batch.toRows());
}

/** The other side of a client. */
export class WsServer implements AsyncDisposable {
  readonly #server: WebSocketServer;
  readonly #options: WsServerOptions;
  readonly #waiting = new Set<() => void>();
  readonly #seen = new Set<number>();
  #failures = 0;
  #isStalled = false;
  /** Rows of all messages, those of repetitions left out where there are numbers. */
  readonly rows: Row[] = [];
  /** The messages, as they came. */
  readonly messages: WireMessage[] = [];
  /** How many connections there were. */
  connections = 0;

  private constructor(server: WebSocketServer, options: WsServerOptions) {
    this.#server = server;
    this.#options = options;
    server.on("connection", (socket, { headers }) => this.#connected(socket, headers));
  }

  /** Begins to listen. */
  static async open(options: WsServerOptions = {}): Promise<WsServer> {
    const { maxPayload } = options;
    const given = { host: "127.0.0.1", port: 0, ...(maxPayload !== undefined && { maxPayload }) };
    const server = new WebSocketServer(given);
    const opened = new WsServer(server, options);
    await new Promise<void>((resolve) => server.once("listening", () => resolve()));
    return opened;
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }

  get uri(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get sockets(): WebSocket[] {
    return [...this.#server.clients];
  }

  /** Reads nothing more. */
  stall(): void {
    this.#isStalled = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** Reads on. */
  go(): void {
    this.#isStalled = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** Refuses the next n messages, and closes their connections. */
  failNext(n: number): void {
    this.#failures = n;
  }

  /** Cuts all connections. */
  async break(): Promise<void> {
    const gone = this.sockets.map((socket) =>
      new Promise((resolve) => socket.once("close", resolve))
    );
    for (const socket of this.sockets) socket.terminate();
    await Promise.all(gone);
  }

  /** Resolves when something is so. */
  async until(what: (server: WsServer) => boolean): Promise<void> {
    while (!what(this)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connected(socket: WebSocket, headers: Record<string, unknown>): void {
    this.connections++;
    if (!this.#options.connected) {
      socket.on("message", (data, isBinary) => {
        const bytes = data as Uint8Array;
        this.#take(socket, isBinary ? new Uint8Array(bytes) : new TextDecoder().decode(bytes));
      });
    }
    socket.on("error", () => {});
    socket.on("close", () => this.#changed());
    if (this.#isStalled) socket.pause();
    this.#options.connected?.(socket, headers);
    this.#changed();
  }

  #take(socket: WebSocket, message: WireMessage): void {
    if (socket.readyState !== socket.OPEN) return;
    if (this.#failures > 0) {
      this.#failures--;
      socket.close(1011, "no room");
      return;
    }
    this.messages.push(message);
    if (this.#options.acknowledge) this.#takeNumbered(socket, message);
    else this.rows.push(...rowsOfMessage(message));
    this.#changed();
  }

  #takeNumbered(socket: WebSocket, message: WireMessage): void {
    const { id, records } = unnumbered(message)!;
    if (!this.#seen.has(id)) this.rows.push(...rowsOfMessage(records));
    this.#seen.add(id);
    socket.send(answerText({ ack: id }));
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
