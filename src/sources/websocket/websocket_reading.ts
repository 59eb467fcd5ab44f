import { showName } from "../../batch/shown_names.ts";
import type { WebAddress } from "../../runtime/web_address.ts";
import type { SourceOptions } from "../../stream/source.ts";
import { answerText, readAnswer, unnumbered, type WireMessage } from "../websocket_wire.ts";
import type { Connection } from "./connection.ts";
import { type ConnectionEnd, isCleanEnd, WebSocketError } from "./errors.ts";
import { Inbox, type WaitingMessage } from "./inbox.ts";
import { Link } from "./link.ts";
import type { WebSocketSourceSettings } from "./websocket_source_options.ts";

/** A message that has come. */
export interface ReadMessage {
  /** Its records. */
  readonly payload: WireMessage;
  /** Which it is, from 1. */
  readonly message: number;
  /** What is wrong with it as a whole. */
  readonly fault?: string;
}

const NO_NUMBER = 'it has no number, such as {"id":1,"records":[…]}; leave acknowledge out where ' +
  "the other side gives none";

/** What was lost on purpose is no error: nobody sees this. */
const PAUSED = new WebSocketError("The connection is closed until what waits was read");

/** Reads a WebSocket once, over as many connections as it takes. */
export class WebSocketReading implements AsyncDisposable {
  readonly #settings: WebSocketSourceSettings;
  readonly #address: WebAddress;
  readonly #signal: AbortSignal;
  readonly #link: Link;
  readonly #inbox: Inbox;
  readonly #abort = () => this.#inbox.end();
  #read = 0;
  #dropped = 0;
  /** What was read last and is to be acknowledged. */
  #last: { readonly id: number; readonly connection: number } | undefined;
  /** Whether nothing more is taken before what waits was read, and then over another connection. */
  #isPaused = true;
  #isDone = false;

  /** A reading that has not begun. */
  constructor(settings: WebSocketSourceSettings, { runtime, signal }: SourceOptions) {
    this.#settings = settings;
    this.#address = settings.link.address.web;
    this.#signal = signal;
    this.#inbox = new Inbox(settings.maxWaitingBytes);
    const link = settings.hasRuntime ? settings.link : { ...settings.link, runtime };
    this.#link = new Link(link, {
      message: (message) => this.#receive(message),
      opened: (connection) => this.#opened(connection),
      lost: (_, end) => this.#lost(end),
      failed: (error) => this.#end(error),
    });
    signal.addEventListener("abort", this.#abort, { once: true });
  }

  /**
   * The next messages; none when no more come.
   *
   * @throws {WebSocketError} when there cannot be more, though there should.
   */
  async next(): Promise<ReadMessage[]> {
    if (this.#signal.aborted) return [];
    if (this.#isPaused && this.#inbox.isEmpty) {
      this.#link.drop(PAUSED);
      this.#isPaused = false;
      this.#link.connect().catch(() => {}); // failed() is told
    }
    const messages = await this.#inbox.take();
    return this.#signal.aborted ? [] : messages.map((each) => this.#taken(each));
  }

  /** Tells the other side that what was read last has been taken. */
  acknowledge(): void {
    const last = this.#last;
    this.#last = undefined;
    if (last?.connection !== this.#link.connections) return;
    this.#link.current?.send(answerText({ ack: last.id }));
  }

  /** Messages that were left out since the last time. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#isDone = true;
    await this.#link.close();
  }

  #taken({ message: payload, connection }: WaitingMessage): ReadMessage {
    const message = ++this.#read;
    if (!this.#settings.acknowledge) return { payload, message };
    const numbered = unnumbered(payload);
    if (!numbered) return { payload, message, fault: NO_NUMBER };
    this.#last = { id: numbered.id, connection };
    return { payload: numbered.records, message };
  }

  #opened(connection: Connection): void {
    for (const each of this.#settings.subscriptions) connection.send(each);
  }

  #receive(message: WireMessage): void {
    if (this.#isDone) return;
    if (this.#isPaused) return this.#overflow();
    const answer = readAnswer(message);
    if (answer && "error" in answer) {
      const said = showName(this.#address.hush(answer.error));
      this.#end(new WebSocketError(`${this.#address.name} has answered with an error: ${said}`));
      return;
    }
    this.#link.progressed();
    if (answer && "done" in answer) {
      if (this.#isLast(answer.done.action)) this.#end();
      return;
    }
    if (!this.#inbox.put({ message, connection: this.#link.connections })) this.#overflow();
  }

  /**
   * Whether nothing follows a stream of a `StreamServer`: it was the one of the address, or was asked
   * for by "generate". Others may be the one that the server had begun before it was asked.
   */
  #isLast(action: unknown): boolean {
    return this.#settings.subscriptions.length === 0 || action === "generate";
  }

  #overflow(): void {
    const { onFull, maxWaitingBytes, acknowledge } = this.#settings;
    if (onFull === "error") {
      this.#end(
        new WebSocketError(
          `${this.#address.name} sends more than the pipeline takes: maxWaitingBytes ` +
            `(${maxWaitingBytes}) of messages wait; raise it, or pass onFull: "drop" or "reconnect"`,
        ),
      );
    } else if (onFull === "drop") this.#dropped++;
    else {
      if (!acknowledge) this.#dropped++;
      this.#isPaused = true;
    }
  }

  #lost(end: ConnectionEnd): boolean {
    if (this.#isPaused || this.#isDone) return false;
    if (isCleanEnd(end)) this.#end();
    return !this.#isDone;
  }

  #end(error?: Error): void {
    this.#isDone = true;
    this.#inbox.end(error);
  }
}
