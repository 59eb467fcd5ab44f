import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import {
  denoTcp,
  type TcpConnection,
  type TcpListener,
  type TcpNetwork,
} from "../../runtime/tcp.ts";
import { OptionChecks } from "../../stream/option_checks.ts";
import { CloseCode } from "./frames.ts";
import { DEFAULT_HOSTNAME, Gate, GATE_NAMES, type GateOptions } from "./gate.ts";
import { answerBytes, readHead, RefusedRequest, type RequestHead } from "./request_head.ts";
import { ServerSocket, type SocketEvents, type SocketSettings } from "./server_socket.ts";

const HANDSHAKE_MS = 10_000;
/** Connections that have not said what they want, beyond which no more are heard. */
const MOST_HANDSHAKES = 256;
const RECOVERY_MS = 100;
/** Clients are looked at so often within what they may be silent or take nothing. */
const LOOKS = 4;
const MOST_LOOK_MS = 1000;
const DEFAULT_CONNECTIONS = 1000;
const DEFAULT_IDLE = "30s";
const DEFAULT_STALL = "10s";

/** What all WebSocket servers take. */
export interface SocketServerOptions extends GateOptions {
  /** Default 0: one that is free, which `listen()` tells. */
  port?: number;
  /** Connections at once; more are answered by 503. Default 1,000. */
  maxConnections?: number;
  /**
   * Bytes of a message from a client, all its frames together; more end the connection (1009).
   * Default: 64 KiB of a `StreamServer`, 1 KiB of a `WebSocketServerPublisher`, which takes none, and
   * 4 MiB of a `WebSocketServerSource`.
   */
  maxMessageBytes?: number;
  /**
   * How long a client may be silent until it is asked (by a ping) whether it is there, and then again
   * until it is cut off. Default `"30s"`; 0: for ever.
   */
  idleTimeout?: Duration;
  /** How long a client may take nothing of what waits for it until it is cut off. Default `"10s"`. */
  stallTimeout?: Duration;
  /** The net. Default: that of the process. */
  network?: TcpNetwork;
  /** Timers. Default: those of the process. */
  runtime?: Runtime;
}

/** The names of {@linkcode SocketServerOptions}. */
export const SERVER_NAMES: Readonly<Record<keyof SocketServerOptions, true>> = {
  ...GATE_NAMES,
  port: true,
  maxConnections: true,
  maxMessageBytes: true,
  idleTimeout: true,
  stallTimeout: true,
  network: true,
  runtime: true,
};

/** Where a server hears. */
export interface ServerAddress {
  /** As it was asked for. */
  readonly hostname: string;
  /** The port that it has. */
  readonly port: number;
  /** What clients connect to. */
  readonly uri: string;
}

/** What a server counts. */
export interface ServerFigures {
  /** Connections now. */
  readonly connections: number;
  /** Connections that were let in so far. */
  readonly accepted: number;
  /** Requests that were not: by origin, host, token, path, or because there were too many. */
  readonly refused: number;
  /** Why the last of these was not, as it was told, such as `"401: The token is wrong"`. */
  readonly lastRefusal?: string;
}

/** What differs between servers. */
export interface ServerKind {
  /** What cannot be done without what was given, for messages: `"create StreamServer"`. */
  readonly created: string;
  /** Default of `maxMessageBytes`. */
  readonly maxMessageBytes: number;
  /** Bytes that are read at once of each connection. */
  readonly readBytes: number;
  /** A connection was opened; gives what hears it. */
  opened(socket: ServerSocket, head: RequestHead): SocketEvents;
}

/** Hears WebSocket connections: which it takes, how many, and that none is left open. */
export class SocketServer {
  readonly #kind: ServerKind;
  readonly #gate: Gate;
  readonly #address: { readonly hostname: string; readonly port: number; readonly path: string };
  readonly #settings: SocketSettings;
  readonly #maxConnections: number;
  readonly #network: TcpNetwork;
  readonly #runtime: Runtime;
  readonly #sockets = new Set<ServerSocket>();
  readonly #handshakes = new Set<TcpConnection>();
  #listening: { readonly listener: TcpListener; readonly loop: Promise<void> } | undefined;
  #cancelLook = () => {};
  #isClosed = false;
  /** Connections that are being told that they are let in. */
  #entering = 0;
  #accepted = 0;
  #refused = 0;
  #lastRefusal: string | undefined;

  /**
   * A server that does not hear yet.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: SocketServerOptions, kind: ServerKind) {
    const {
      hostname = DEFAULT_HOSTNAME,
      port = 0,
      path = "/",
      maxConnections = DEFAULT_CONNECTIONS,
      maxMessageBytes = kind.maxMessageBytes,
      idleTimeout = DEFAULT_IDLE,
      stallTimeout = DEFAULT_STALL,
      network = denoTcp,
      runtime = denoRuntime,
    } = options;
    const checks = new OptionChecks(kind.created);
    this.#kind = kind;
    this.#gate = new Gate(options, `create ${kind.created}`);
    this.#address = {
      hostname,
      path,
      port: checks.count("port", port, { least: 0, most: 65_535 }),
    };
    this.#maxConnections = checks.count("maxConnections", maxConnections, { least: 1 });
    this.#settings = {
      maxMessageBytes: checks.count("maxMessageBytes", maxMessageBytes, { least: 1 }),
      idleMs: milliseconds(idleTimeout, "idleTimeout"),
      stallMs: milliseconds(stallTimeout, "stallTimeout", { least: 1 }),
      readBytes: kind.readBytes,
    };
    this.#network = network;
    this.#runtime = runtime;
  }

  /** What it counts. */
  get figures(): ServerFigures {
    const { size: connections } = this.#sockets;
    const lastRefusal = this.#lastRefusal;
    return {
      ...{ connections, accepted: this.#accepted, refused: this.#refused },
      ...(lastRefusal !== undefined && { lastRefusal }),
    };
  }

  /**
   * Hears from now on; where it is heard already, tells where.
   *
   * @throws {Error} when the port cannot be had, or the server was closed.
   */
  listen(): ServerAddress {
    if (this.#isClosed) {
      throw new TypeError(`Cannot listen: this ${this.#kind.created} was closed; make another`);
    }
    this.#listening ??= this.#listen();
    const { listener: { hostname, port } } = this.#listening;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return { hostname, port, uri: `ws://${host}:${port}${this.#address.path}` };
  }

  /** Takes no more connections; those that there are go on. */
  stop(): void {
    this.#isClosed = true;
    this.#listening?.listener.close();
    for (const tcp of this.#handshakes) tcp.close();
  }

  /** Takes no more connections, says goodbye to those that there are, and waits until all are gone. */
  async close(code: number = CloseCode.goingAway, reason = "the server ends"): Promise<void> {
    this.stop();
    for (const socket of this.#sockets) socket.close(code, reason);
    await Promise.all(Array.from(this.#sockets, (socket) => socket.over));
    this.#cancelLook();
    await this.#listening?.loop;
  }

  #listen() {
    const { hostname, port } = this.#address;
    try {
      const listener = this.#network.listenTcp({ hostname, port });
      this.#look();
      return { listener, loop: this.#accept(listener) };
    } catch (cause) {
      const { name, message } = cause as Error;
      const advice = name === "AddrInUse" ? "; take another port, or 0 for one that is free" : "";
      throw new Error(
        `Cannot listen on ${received(hostname)}, port ${port}: ${message}${advice}`,
        { cause },
      );
    }
  }

  /** Looks now and then whether clients are still there. */
  #look(): void {
    const { idleMs, stallMs } = this.#settings;
    const ms = Math.min(MOST_LOOK_MS, Math.min(idleMs || Infinity, stallMs) / LOOKS);
    this.#cancelLook = this.#runtime.after(ms, () => {
      for (const socket of this.#sockets) socket.check();
      this.#look();
    });
  }

  async #accept(listener: TcpListener): Promise<void> {
    while (!this.#isClosed) {
      try {
        const tcp = await listener.accept();
        if (!tcp) return;
        this.#begin(tcp);
      } catch {
        // One that could not be taken, for the want of file handles say, is not the last.
        await new Promise<void>((resolve) => this.#runtime.after(RECOVERY_MS, resolve));
      }
    }
  }

  #begin(tcp: TcpConnection): void {
    if (this.#isClosed || this.#handshakes.size >= MOST_HANDSHAKES) {
      this.#refused++;
      return tcp.close();
    }
    this.#handshakes.add(tcp);
    this.#serve(tcp).catch(() => tcp.close()); // of a client that left, which nobody waits for
  }

  async #serve(tcp: TcpConnection): Promise<void> {
    const cancel = this.#runtime.after(HANDSHAKE_MS, () => tcp.close());
    let passed;
    try {
      passed = await this.#handshake(tcp);
    } finally {
      cancel();
      this.#handshakes.delete(tcp);
    }
    if (!passed || this.#isClosed) return tcp.close();
    await this.#open(tcp, passed);
  }

  async #handshake(tcp: TcpConnection) {
    try {
      const received = await readHead(tcp);
      if (!received) return undefined;
      const { headers } = this.#gate.pass(received.head);
      await this.#letIn(tcp, headers);
      return received;
    } catch (error) {
      this.#refused++;
      if (!(error instanceof RefusedRequest)) throw error;
      this.#lastRefusal = `${error.status}: ${error.message}`;
      await writeAll(tcp, answerBytes(error.status, error.headers, error.message));
      return undefined;
    }
  }

  async #letIn(tcp: TcpConnection, headers: Readonly<Record<string, string>>): Promise<void> {
    if (this.#sockets.size + this.#entering >= this.#maxConnections) {
      throw new RefusedRequest(503, "There are too many connections", { "retry-after": "10" });
    }
    this.#entering++;
    try {
      await writeAll(tcp, answerBytes(101, headers));
    } finally {
      this.#entering--;
    }
  }

  async #open(
    tcp: TcpConnection,
    { head, rest }: { readonly head: RequestHead; readonly rest: Uint8Array },
  ): Promise<void> {
    const socket = new ServerSocket(tcp, { runtime: this.#runtime, settings: this.#settings });
    const events = this.#kind.opened(socket, head);
    this.#sockets.add(socket);
    this.#accepted++;
    const ended: SocketEvents["ended"] = (end) => {
      this.#sockets.delete(socket);
      events.ended(end);
    };
    await socket.run({
      message: (data) => events.message(data),
      drained: () => events.drained(),
      ended,
    }, rest);
  }
}

async function writeAll(tcp: TcpConnection, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await tcp.write(bytes.subarray(at));
}
