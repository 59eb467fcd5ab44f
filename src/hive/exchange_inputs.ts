import type { Peer } from "./bee_task.ts";
import {
  messageBody,
  type MessageHeader,
  MessageKind,
  readMessageHeader,
} from "./pipeline_frames.ts";
import type { RingReader, Sleeper } from "./ring_buffer.ts";

// Enough to be worth a turn, few enough to look after the rest of the work soon.
const FRAMES_A_TURN = 16;

/** What becomes of the messages of other bees. */
export interface ExchangeEvents {
  /** A message of this generation; its memory is valid during the call only. */
  message(from: number, header: MessageHeader, body: Uint8Array): void;
  /** A bee's barrier: nothing of it comes until {@linkcode ExchangeInputs.openAll}. */
  barrier(from: number): void;
}

/** The rings from other bees, each read up to its barrier. */
export class ExchangeInputs {
  readonly #peers: readonly (Peer | undefined)[];
  readonly #events: ExchangeEvents;
  readonly #closed = new Set<number>();
  /** Frames of a generation that this bee has not been told of yet; they go with their ring. */
  readonly #early = new WeakMap<RingReader, Uint8Array>();

  /** The inputs of a bee; `peers` may change. */
  constructor(peers: readonly (Peer | undefined)[], events: ExchangeEvents) {
    this.#peers = peers;
    this.#events = events;
  }

  /** Takes in what is there, up to a limit; whether there was anything. */
  drain(generation: number): boolean {
    let any = false;
    this.#peers.forEach((peer, from) => {
      if (peer) any = this.#drainOne(peer, { from, generation }) || any;
    });
    return any;
  }

  #drainOne({ incoming }: Peer, { from, generation }: { from: number; generation: number }) {
    let frames = 0;
    while (frames < FRAMES_A_TURN && !this.#closed.has(from)) {
      const frame = this.#early.get(incoming) ?? incoming.tryRead();
      if (!frame) break;
      const header = readMessageHeader(frame);
      if (header.generation > generation) {
        this.#early.set(incoming, frame);
        break;
      }
      this.#early.delete(incoming);
      frames++;
      if (header.generation !== generation) continue;
      if (header.kind === MessageKind.barrier) this.#barrier(from);
      else this.#events.message(from, header, messageBody(frame));
    }
    if (frames > 0 && !this.#early.has(incoming)) incoming.release();
    return frames > 0;
  }

  #barrier(from: number): void {
    this.#closed.add(from);
    this.#events.barrier(from);
  }

  /** Reads on behind the barriers. */
  openAll(): void {
    this.#closed.clear();
  }

  /** What a bee sleeps for. */
  waitsFor(): Sleeper[] {
    return this.#peers.flatMap((peer, from) =>
      peer && !this.#closed.has(from) && !this.#early.has(peer.incoming) ? [peer.incoming] : []
    );
  }
}
