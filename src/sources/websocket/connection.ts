import { spellDuration } from "../../runtime/duration.ts";
import type { Network } from "../../runtime/network.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { WireMessage } from "../websocket_wire.ts";
import type { WebSocketAddress } from "./address.ts";
import { type ConnectionEnd, NO_CLOSE, openError, WebSocketError } from "./errors.ts";

const OPEN = 1;
const NORMAL = 1000;
/** How long a socket that was given up before it was open may take to say so. */
const LEAVE_MS = 100;

/** What a connection is opened with. */
export interface ConnectionOptions {
  readonly address: WebSocketAddress;
  readonly network: Network;
  readonly runtime: Runtime;
  /** Within which it must be open. */
  readonly timeoutMs: number;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
  /** Gets what comes, in order, from the first message on. */
  readonly message: (message: WireMessage) => void;
}

/** What was sent or came, as a text or bytes. */
function wireMessage(data: unknown): WireMessage {
  return typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer);
}

/** A WebSocket that is open, until it ends. */
export class Connection {
  /** Settles with how it came to its end; never rejects. */
  readonly ended: Promise<ConnectionEnd>;
  readonly #socket: WebSocket;
  readonly #runtime: Runtime;

  private constructor(socket: WebSocket, runtime: Runtime, ended: Promise<ConnectionEnd>) {
    this.#socket = socket;
    this.#runtime = runtime;
    this.ended = ended;
  }

  /**
   * Opens one.
   *
   * @throws {WebSocketError} when it cannot be opened.
   * @throws the signal's reason when that is aborted.
   */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const { address, network, runtime, timeoutMs, signal, message } = options;
    signal?.throwIfAborted();
    const socket = connect(address, network);
    const ended = endOf(socket);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => message(wireMessage(data)));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => reject(signal!.reason);
    const cancel = runtime.after(timeoutMs, () => reject(openError(address.web, late(timeoutMs))));
    socket.addEventListener("open", () => resolve(), { once: true });
    signal?.addEventListener("abort", abort, { once: true });
    ended.then(({ message = "it was closed at once" }) => {
      reject(openError(address.web, message));
    });
    try {
      await promise;
      return new Connection(socket, runtime, ended);
    } catch (error) {
      socket.close();
      await leave(ended, runtime);
      throw error;
    } finally {
      cancel();
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Whether what is sent goes anywhere. */
  get isOpen(): boolean {
    return this.#socket.readyState === OPEN;
  }

  /** Bytes that were sent and are not with the operating system yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends a message, as far as the connection is open. */
  send(message: WireMessage): void {
    this.#socket.send(message);
  }

  /**
   * Closes it behind what was sent, and waits for the other side to do so too, which has seen all of
   * it then. Gives how it ended; `undefined` when that has not happened in time.
   */
  async close(timeoutMs: number, reason = ""): Promise<ConnectionEnd | undefined> {
    if (this.#socket.readyState <= OPEN) this.#socket.close(NORMAL, reason);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const cancel = this.#runtime.after(timeoutMs, () => resolve(undefined));
    try {
      return await Promise.race([this.ended, promise]);
    } finally {
      cancel();
    }
  }
}

function late(timeoutMs: number): string {
  return `it was not open within connectTimeout (${spellDuration(timeoutMs)})`;
}

function connect({ web, protocols }: WebSocketAddress, network: Network): WebSocket {
  try {
    return network.connect(web.url, { headers: web.headers, protocols });
  } catch (error) {
    const { message } = web.hushed(error);
    throw new WebSocketError(
      `Cannot connect to ${web.name}: ${message}; run with --allow-net for its host`,
    );
  }
}

/** How a socket comes to its end, with what went wrong before. */
function endOf(socket: WebSocket): Promise<ConnectionEnd> {
  const { promise, resolve } = Promise.withResolvers<ConnectionEnd>();
  let message: string | undefined;
  socket.addEventListener("error", (event) => {
    message ??= (event as ErrorEvent).message;
  });
  socket.addEventListener("close", ({ code, reason, wasClean }) => {
    const isClosed = wasClean || code > 0;
    resolve({
      code: isClosed ? code : NO_CLOSE,
      reason,
      ...(message !== undefined && { message }),
    });
  });
  return promise;
}

/** Waits until a socket that is not wanted is gone, but not for long. */
async function leave(ended: Promise<unknown>, runtime: Runtime): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = runtime.after(LEAVE_MS, resolve);
  await Promise.race([ended, promise]);
  cancel();
}
