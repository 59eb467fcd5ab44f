import { type WatermarkGenerator, WatermarkStrategy } from "../../windows/watermark_strategy.ts";
import { Fifo } from "../fifo.ts";

/** Watermarks of one source partition that were decided before its rows are read. */
export class GivenWatermarks extends WatermarkStrategy {
  readonly #like: WatermarkStrategy;
  readonly #given = new Fifo<number>();

  /** Watermarks that another strategy has decided. */
  constructor(like: WatermarkStrategy) {
    super();
    this.#like = like;
  }

  /** What the watermark is, in words. */
  override describe(): string {
    return this.#like.describe();
  }

  /** The watermark after the next of the rows that have none yet, ms. */
  give(watermark: number): void {
    this.#given.push(watermark);
  }

  /** The generator of the only partition. */
  override create(): WatermarkGenerator {
    return { onEvent: () => this.#given.shift() };
  }
}
