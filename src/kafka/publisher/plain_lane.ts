import type { Appended, RecordBlock, Sink } from "../driver/driver.ts";
import type { Delivery } from "./delivery.ts";
import type { Lane } from "./lane.ts";

/** Sends blocks one by one, without transactions. */
export class PlainLane implements Lane {
  readonly isOpen = true;
  readonly #sink: Sink;
  readonly #topic: string;

  /** Into a sink. */
  constructor(sink: Sink, topic: string) {
    this.#sink = sink;
    this.#topic = topic;
  }

  wanted(): void {}

  idle(): void {}

  conclude(): void {}

  send(block: RecordBlock): Promise<Appended> {
    return this.#sink.send(block);
  }

  /** What was encoded of it arrives. */
  spoil(error: unknown, delivery: Delivery): void {
    delivery.fail(error);
  }

  /** It is delivered when it is appended. */
  completed(delivery: Delivery): void {
    delivery.end(this.#topic);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink[Symbol.asyncDispose]();
  }
}
