import { CloseCode } from "../../sources/websocket_server/frames.ts";
import type { ServerSocket } from "../../sources/websocket_server/server_socket.ts";
import { Stop } from "../../stream/stop.ts";
import { SentCounts } from "./fan_out_figures.ts";
import type { SlowClientSettings } from "./slow_clients.ts";

/** A batch as a frame, which may go to several clients. */
export interface BatchFrame {
  readonly frame: Uint8Array;
  readonly records: number;
}

/** What waits for one client, and what is done when it is too much. */
export class ClientOutbox {
  readonly #socket: ServerSocket;
  readonly #settings: SlowClientSettings;
  /** Of all clients. */
  readonly #counts: SentCounts;
  /** Of this one. */
  readonly own: SentCounts = new SentCounts();
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #empty: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #newest: BatchFrame | undefined;

  /** The way to a client; what happens on it is added to `counts`. */
  constructor(socket: ServerSocket, settings: SlowClientSettings, counts: SentCounts) {
    this.#socket = socket;
    this.#settings = settings;
    this.#counts = counts;
  }

  /** Whether it is slow. */
  get isSlow(): boolean {
    return this.#room !== undefined;
  }

  /** Whether a stream waits for it when it is. */
  get waits(): boolean {
    return this.#settings.slowClients === "wait";
  }

  /** Resolves when it is not slow, or gone; rejects with the signal's reason when that is aborted before. */
  async room(signal?: AbortSignal): Promise<void> {
    using stop = new Stop(signal);
    while (this.#room) await stop.or(this.#room.promise);
  }

  /** Resolves when nothing waits for it any more. */
  async empty(): Promise<void> {
    if (this.#isEmpty()) return;
    this.#empty ??= Promise.withResolvers<void>();
    await this.#empty.promise;
  }

  #isEmpty(): boolean {
    return !this.#socket.isOpen || (this.#socket.bufferedBytes === 0 && !this.#newest);
  }

  /** Sends a batch, or does what is done for a slow client. */
  offer(batch: BatchFrame): void {
    const { slowClients } = this.#settings;
    if (!this.#socket.isOpen) return;
    if (!this.isSlow || slowClients === "wait") return this.#send(batch);
    if (slowClients === "conflate") {
      if (this.#newest) this.#drop(this.#newest);
      this.#newest = batch;
      return;
    }
    this.#drop(batch);
    if (slowClients === "close") {
      this.#counts.closedSlow++;
      this.#socket.close(CloseCode.tryAgainLater, "slower than the stream", { discard: true });
    }
  }

  /** Sends a text that is no batch, whatever waits. */
  say(text: string): void {
    this.#socket.send(text);
    this.#look();
  }

  /** Sends the newest batch, if one waits, so that what comes now comes behind it. */
  settle(): void {
    const newest = this.#newest;
    this.#newest = undefined;
    if (newest) this.#send(newest);
  }

  /** Less waits than did. */
  drained(): void {
    if (this.#socket.bufferedBytes <= this.#settings.lowWater) this.#go();
    if (!this.#isEmpty()) return;
    this.#empty?.resolve();
    this.#empty = undefined;
  }

  /** The client is gone. */
  ended(): void {
    if (this.#newest) this.#drop(this.#newest);
    this.#newest = undefined;
    this.#go();
    this.#empty?.resolve();
  }

  #go(): void {
    this.#room?.resolve();
    this.#room = undefined;
    this.settle();
  }

  #send(batch: BatchFrame): void {
    if (!this.#socket.isOpen) return this.#drop(batch);
    for (const counts of [this.#counts, this.own]) {
      counts.messages++;
      counts.records += batch.records;
      counts.bytes += batch.frame.length;
    }
    this.#socket.sendFrame(batch.frame);
    this.#look();
  }

  #look(): void {
    if (this.#socket.bufferedBytes > this.#settings.highWater) {
      this.#room ??= Promise.withResolvers<void>();
    }
  }

  #drop({ records }: BatchFrame): void {
    for (const counts of [this.#counts, this.own]) {
      counts.droppedMessages++;
      counts.droppedRecords += records;
    }
  }
}
