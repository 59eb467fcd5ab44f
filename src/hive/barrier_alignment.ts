import type { BeeOutputs } from "./bee_outputs.ts";
import { message, type MessageHeader, MessageKind } from "./pipeline_frames.ts";

/** Waits, at a barrier of the pipeline, for those of all other bees. */
export class BarrierAlignment {
  readonly #others: number;
  readonly #outputs: BeeOutputs;
  /** Bees whose barrier has come. */
  readonly #arrived = new Set<number>();
  #barrier: MessageHeader | undefined;

  /** With so many other bees. */
  constructor(others: number, outputs: BeeOutputs) {
    this.#others = others;
    this.#outputs = outputs;
  }

  /** Whether a barrier is waited at. */
  get isWaiting(): boolean {
    return this.#barrier !== undefined;
  }

  /** The barrier, once those of all other bees have come too. */
  get complete(): MessageHeader | undefined {
    return this.#arrived.size < this.#others ? undefined : this.#barrier;
  }

  /** The barrier of the pipeline has come, and everything before has been sent on. */
  begin(header: MessageHeader): void {
    const { generation, sequence } = header;
    this.#outputs.toPeers(message({ kind: MessageKind.barrier, generation, sequence }));
    this.#barrier = header;
  }

  /** That of another bee has come. */
  arrived(bee: number): void {
    this.#arrived.add(bee);
  }

  /** Goes on behind the barrier. */
  clear(): void {
    this.#barrier = undefined;
    this.#arrived.clear();
  }
}
