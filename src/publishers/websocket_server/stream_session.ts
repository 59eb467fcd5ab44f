import type { RecordBatch } from "../../batch/record_batch.ts";
import type { StreamingGenerator } from "../../generators/streaming/streaming_generator.ts";
import { nextTurn } from "../../runtime/next_turn.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { CloseCode } from "../../sources/websocket_server/frames.ts";
import type { ServerSocket } from "../../sources/websocket_server/server_socket.ts";
import { answerText, type WireAnswer } from "../../sources/websocket_wire.ts";
import type { ClientOutbox } from "./client_outbox.ts";
import type { FrameEncoder } from "./frame_encoder.ts";
import {
  type PlannedRequest,
  requestOf,
  requestOfQuery,
  type StreamLimits,
} from "./stream_request.ts";

/** Between a request of a client and its next, at least. */
const REQUEST_MS = 50;

/** What a stream came to, as its client is told. */
type StreamDone = Readonly<{
  action: "stream" | "generate";
  /** Records that were sent. */
  records: number;
  /** Records that were not, because the client was slow. */
  dropped: number;
  /** The number of the record with which the stream would go on. */
  next: number;
}>;

/** What all sessions of a server share. */
export interface SessionPlan {
  readonly streamer: StreamingGenerator<unknown>;
  readonly encoder: FrameEncoder;
  readonly limits: StreamLimits;
  readonly takesRequests: boolean;
  readonly runtime: Runtime;
}

type Asked = Exclude<PlannedRequest, { action: "stop" }>;

/** One client of a server: one stream at a time, as it asks for. */
export class StreamSession {
  readonly #plan: SessionPlan;
  readonly #socket: ServerSocket;
  readonly #outbox: ClientOutbox;
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #begun: Promise<void> = Promise.resolve();
  /** Whether it has sent a request. */
  #isAsked = false;
  #isEnded = false;
  #endPause = () => {};

  /** Streams nothing yet. */
  constructor(socket: ServerSocket, outbox: ClientOutbox, plan: SessionPlan) {
    this.#socket = socket;
    this.#outbox = outbox;
    this.#plan = plan;
  }

  /**
   * Begins the stream that a connection asks for by its query; one that cannot be ends it (1008), and
   * so do the last of its records where the query tells how many, and nothing else was asked for.
   */
  begin(query: URLSearchParams): void {
    this.#begun = this.#begin(query);
  }

  async #begin(query: URLSearchParams): Promise<void> {
    const { limits, takesRequests } = this.#plan;
    const isMet = await this.#request(() => requestOfQuery(query, limits, takesRequests));
    if (!isMet) return this.#socket.close(CloseCode.policy, "the query cannot be met");
    if (!query.has("records")) return;
    this.#running?.done.then(() => {
      if (!this.#isAsked) this.#socket.close(CloseCode.normal, "all records were sent");
    });
  }

  /** Does what the message of a client asks for, or says why not. */
  async message(data: string | Uint8Array): Promise<void> {
    const { limits, takesRequests } = this.#plan;
    this.#isAsked = true;
    await this.#begun;
    await this.#outbox.room(); // one that does not read its answers is not asked for more requests
    await this.#request(() => {
      if (takesRequests) return requestOf(data, limits);
      throw new TypeError("Cannot take request: this server takes none");
    });
    await this.#pause();
  }

  /** Nothing more is read meanwhile: what a client asks for costs the server more than the client. */
  async #pause(): Promise<void> {
    if (this.#isEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#plan.runtime.after(REQUEST_MS, resolve);
    this.#endPause = () => {
      cancel();
      resolve();
    };
    await promise;
  }

  /** Begins what is asked for, behind the end of what runs; whether that could be. */
  async #request(read: () => PlannedRequest): Promise<boolean> {
    try {
      const asked = read();
      const batches = asked.action === "stop" ? undefined : this.#batches(asked);
      await this.#stop();
      if (asked.action !== "stop" && batches && !this.#isEnded) {
        const stop = new AbortController();
        this.#running = { stop, done: this.#run(asked, batches(stop.signal), stop.signal) };
      }
      return true;
    } catch (error) {
      this.#refuse(error);
      return false;
    }
  }

  /** The client is gone. */
  async ended(): Promise<void> {
    this.#isEnded = true;
    this.#endPause();
    await this.#stop();
  }

  /** Checks what is asked for, so that what cannot be is known before the stream that runs ends. */
  #batches({ seed, options }: Asked): (signal: AbortSignal) => AsyncIterable<RecordBatch> {
    const { streamer } = this.#plan;
    const asked = seed === undefined ? streamer : streamer.withSeed(seed);
    asked.stream(options);
    return (signal) => asked.stream({ ...options, signal }) as AsyncIterable<RecordBatch>;
  }

  async #run(
    { action, options: { start = 0 } }: Asked,
    batches: AsyncIterable<RecordBatch>,
    signal: AbortSignal,
  ): Promise<void> {
    const { own } = this.#outbox;
    const [sent, lost] = [own.records, own.droppedRecords];
    let next = start;
    try {
      for await (const batch of batches) {
        if (this.#outbox.waits || action === "generate") await this.#outbox.room(signal);
        this.#outbox.offer(this.#plan.encoder.encode(batch));
        next += batch.length;
        await nextTurn(this.#plan.runtime); // one stream leaves time to the others
      }
    } catch (error) {
      if (!signal.aborted) this.#refuse(error);
    }
    this.#outbox.settle();
    const [records, dropped] = [own.records - sent, own.droppedRecords - lost];
    this.#answer({ done: { action, records, dropped, next } satisfies StreamDone });
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.stop.abort();
    await running?.done;
  }

  #refuse(error: unknown): void {
    this.#answer({ error: error instanceof Error ? error.message : String(error) });
  }

  #answer(answer: WireAnswer): void {
    this.#outbox.say(answerText(answer));
  }
}
