import type { BeeContext } from "./bee_task.ts";
import { MessageQueue } from "./message_queue.ts";
import type { MessageHeader } from "./pipeline_frames.ts";
import type { RingWriter, Sleeper } from "./ring_buffer.ts";

/** What a bee sends: to its pipeline, and to the other bees. */
export class BeeOutputs {
  /** To the pipeline. */
  readonly main: MessageQueue;
  readonly #peers: (MessageQueue | undefined)[];
  readonly #all: readonly MessageQueue[];

  /** Queues into the rings of a bee. */
  constructor({ outbox, peers }: BeeContext) {
    this.main = new MessageQueue(() => outbox);
    this.#peers = peers.map((peer, bee) =>
      // Asked anew each time: a peer that was lost has other rings.
      peer && new MessageQueue((): RingWriter => peers[bee]!.outgoing)
    );
    this.#all = [this.main, ...this.#peers.filter((queue) => queue !== undefined)];
  }

  /** To another bee. */
  peer(bee: number): MessageQueue {
    return this.#peers[bee]!;
  }

  /** Sends a message without a body to every other bee. */
  toPeers(header: MessageHeader): void {
    this.#peers.forEach((queue) => queue?.send(header));
  }

  /** Writes what waits; false when there is not room for all. */
  flush(): boolean {
    let all = true;
    for (const queue of this.#all) if (!queue.isEmpty) all = queue.flush() && all;
    return all;
  }

  /** Whether something waits for room. */
  get areBlocked(): boolean {
    return this.#all.some((queue) => !queue.isEmpty);
  }

  /** Forgets what waits. */
  clear(): void {
    for (const queue of this.#all) queue.clear();
  }

  /** What a bee sleeps for while something waits. */
  waitsFor(): Sleeper[] {
    return this.#all.filter((queue) => !queue.isEmpty).map((queue) => queue.forRoom());
  }
}
