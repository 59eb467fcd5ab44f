import { spellDuration } from "../../runtime/duration.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { TcpConnection } from "../../runtime/tcp.ts";
import { Fifo } from "../../stream/fifo.ts";
import { NO_CLOSE } from "../websocket/errors.ts";
import { closeFrame, FrameError, frameOf, FrameReader, messageFrame, Opcode } from "./frames.ts";

/** How a connection is kept. */
export interface SocketSettings {
  readonly maxMessageBytes: number;
  /** After this long without a byte from the client it is asked for one; after twice, it is gone. */
  readonly idleMs: number;
  /** How long a client may take nothing of what waits for it, and how long to say goodbye. */
  readonly stallMs: number;
  /** Bytes that are read at once. */
  readonly readBytes: number;
}

/** What a connection says. */
export interface SocketEvents {
  /** A message has come. Nothing more is read until this has resolved. */
  message(data: string | Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Less waits to be written than did. */
  drained(): void;
  /** It is over: nothing is read, written or kept any more. */
  ended(end: SocketEnd): void;
}

/** How a connection ended. */
export interface SocketEnd {
  /** Of the first close frame, this side's or the client's; 1006 where there was none. */
  readonly code: number;
  /** What was said with it, or what went wrong. */
  readonly reason: string;
}

/** Answers to pings that wait for one client; of more the oldest are left out (RFC 6455, section 5.5.3). */
const MOST_PONGS = 16;
const SILENT: SocketEvents = { message: () => {}, drained: () => {}, ended: () => {} };

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * One WebSocket connection of a server (RFC 6455), from its first frame on.
 *
 * It writes frames one after the other, each when the peer has room, and reads no further than what it
 * has read was dealt with, so that what waits is known on both ways. A client that takes nothing for
 * long, or is silent, is cut off; so ending never waits for a client for longer than that.
 */
export class ServerSocket {
  readonly #tcp: TcpConnection;
  readonly #runtime: Runtime;
  readonly #settings: SocketSettings;
  #events: SocketEvents = SILENT;
  readonly #reader: FrameReader;
  /** Frames that were not begun. */
  #waiting = new Fifo<Uint8Array>();
  /** Answers to pings, which go before the next message, so that they come in time behind any queue. */
  readonly #pongs = new Fifo<Uint8Array>();
  #bufferedBytes = 0;
  #isWriting = false;
  #end: SocketEnd | undefined;
  #sentClose = false;
  /** Whether nothing is to come any more once the close frame was written. */
  #isAnswering = false;
  /** Whether what comes cannot be understood any more. */
  #isDeaf = false;
  #isOver = false;
  /** Since when a frame waits to be written further; and since when bytes are waited for, ms. */
  #writesSinceMs: number | undefined;
  #readsSinceMs: number | undefined;
  #isAsked = false;
  #cancelClose = () => {};
  readonly #over = Promise.withResolvers<void>();

  /** A connection whose handshake is done. */
  constructor(
    tcp: TcpConnection,
    { runtime, settings }: { readonly runtime: Runtime; readonly settings: SocketSettings },
  ) {
    this.#tcp = tcp;
    this.#runtime = runtime;
    this.#settings = settings;
    this.#reader = new FrameReader(settings);
  }

  /** Bytes that wait to be written. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Whether messages may be sent. */
  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Resolves when it is over. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Reads until the end; `first` are bytes that came with the handshake. */
  async run(events: SocketEvents, first: Uint8Array): Promise<void> {
    this.#events = events;
    try {
      await this.#read(first);
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** Sends a message. */
  send(message: string | Uint8Array): void {
    this.sendFrame(messageFrame(message));
  }

  /** Sends a frame that may go to others as well. Nothing happens when it is not open. */
  sendFrame(frame: Uint8Array): void {
    if (this.isOpen) this.#write(frame);
  }

  /**
   * Ends it, behind what waits or, with `discard`, before that. The client has as long to take that,
   * and to answer, as it may take nothing.
   */
  close(code: number, reason: string, { discard = false }: { discard?: boolean } = {}): void {
    if (this.#sentClose || this.#isOver) return;
    this.#end ??= { code, reason };
    this.#sentClose = true;
    if (discard) this.#discard();
    this.#cancelClose = this.#runtime.after(this.#settings.stallMs, () => this.abort());
    this.#write(closeFrame(code, reason));
  }

  /** Ends it at once, without a word. */
  abort(reason = "the connection was lost"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end ??= { code: NO_CLOSE, reason };
    this.#cancelClose();
    this.#discard();
    this.#tcp.close();
    this.#over.resolve();
    this.#events.ended(this.#end);
  }

  /**
   * Looks what the client has done for long: one that takes nothing is cut off, one that is silent is
   * asked whether it is there, and then cut off too. To be called now and then, since timers for each
   * frame would cost a quarter of what sending it does.
   */
  check(): void {
    if (this.#isOver) return;
    const { idleMs, stallMs } = this.#settings;
    const nowMs = this.#runtime.monotonicMs();
    if (nowMs - (this.#writesSinceMs ?? nowMs) >= stallMs) {
      return this.abort(`it took nothing for ${spellDuration(stallMs)}`);
    }
    const silentMs = nowMs - (this.#readsSinceMs ?? nowMs);
    if (idleMs === 0 || silentMs < idleMs || !this.isOpen) return;
    if (this.#isAsked) return this.abort(`nothing came for ${2 * idleMs} ms`);
    this.#readsSinceMs = nowMs;
    if (this.#bufferedBytes > 0) return; // it shows by what it takes whether it is there
    this.#isAsked = true;
    this.#write(frameOf(Opcode.ping, new Uint8Array(0)));
  }

  async #read(first: Uint8Array): Promise<void> {
    const bytes = new Uint8Array(this.#settings.readBytes);
    for (let come = first;;) {
      for (const frame of this.#reader.push(come)) {
        if (frame.kind === "ping") this.#pong(frame.payload);
        else if (frame.kind === "close") return this.#closed(frame);
        else if (frame.kind === "message" && this.isOpen) await this.#events.message(frame.data);
        if (this.#isOver) return;
      }
      this.#readsSinceMs = this.#runtime.monotonicMs();
      this.#isAsked = false;
      const read = await this.#tcp.read(bytes);
      this.#readsSinceMs = undefined;
      if (read === null) return this.abort();
      come = bytes.subarray(0, read);
    }
  }

  /** The client ends it: that is answered, unless it is the answer. */
  #closed(end: SocketEnd): void {
    this.#end ??= { code: end.code, reason: end.reason };
    if (this.#sentClose) return this.abort();
    this.#isAnswering = true;
    this.close(end.code, "", { discard: true });
  }

  #pong(payload: Uint8Array): void {
    if (!this.isOpen) return;
    // A client that sends pings and takes no answers may not make them pile up.
    if (this.#pongs.length === MOST_PONGS) this.#bufferedBytes -= this.#pongs.shift()!.length;
    const frame = frameOf(Opcode.pong, payload);
    this.#pongs.push(frame);
    this.#bufferedBytes += frame.length;
    this.#writeWaiting();
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#isOver) return;
    if (!(error instanceof FrameError)) {
      return this.abort(messageOf(error));
    }
    this.#isDeaf = true;
    this.close(error.code, error.message, { discard: true });
    // What it goes on sending is taken and forgotten: else it would never see why this ends.
    const bytes = new Uint8Array(this.#settings.readBytes);
    try {
      while (!this.#isOver && await this.#tcp.read(bytes) !== null);
    } catch {
      // it is gone
    }
    this.abort();
  }

  #write(frame: Uint8Array): void {
    this.#waiting.push(frame);
    this.#bufferedBytes += frame.length;
    this.#writeWaiting();
  }

  #writeWaiting(): void {
    if (!this.#isWriting) this.#writeAll().catch((error) => this.abort(messageOf(error)));
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#pongs.length + this.#waiting.length > 0) {
      // Between two messages not without end: whoever pings on and on gets messages too.
      for (let pongs = 0; pongs < MOST_PONGS && this.#pongs.length > 0; pongs++) {
        await this.#writeFrame(this.#pongs.shift()!);
      }
      const frame = this.#waiting.shift();
      if (frame) await this.#writeFrame(frame);
      if (this.#isOver) return;
    }
    this.#isWriting = false;
    this.#writesSinceMs = undefined;
    if (this.#isAnswering) this.abort();
    else if (this.#isDeaf) await this.#tcp.closeWrite();
  }

  async #writeFrame(frame: Uint8Array): Promise<void> {
    for (let at = 0; at < frame.length && !this.#isOver;) {
      this.#writesSinceMs = this.#runtime.monotonicMs();
      const written = await this.#tcp.write(at === 0 ? frame : frame.subarray(at));
      at += written;
      this.#bufferedBytes -= written;
    }
    if (this.isOpen) this.#events.drained();
  }

  /** Forgets what was not begun. */
  #discard(): void {
    for (const frame of this.#waiting.drain()) this.#bufferedBytes -= frame.length;
    for (const frame of this.#pongs.drain()) this.#bufferedBytes -= frame.length;
  }
}
