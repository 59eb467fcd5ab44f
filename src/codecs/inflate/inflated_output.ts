import { InflateFault } from "./inflate_error.ts";

const BUFFER_BYTES = 262_144;
/** With less room than this another buffer is begun. */
const LEAST_ROOM_BYTES = 16_384;

/** Up to here inflated bytes are not held against the input's size. */
const RATIO_FREE_BYTES = 67_108_864;

/** How much may come of an input. */
export interface InflateLimits {
  readonly maxInflatedBytes: number;
  readonly maxInflationRatio: number;
}

/** Room for inflated bytes, and the account of them. */
export class InflatedOutput {
  readonly #limits: InflateLimits;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #filled = 0;
  #total = 0;

  /** An output in which nothing is. */
  constructor(limits: InflateLimits) {
    this.#limits = limits;
  }

  /** Where the next bytes may be written. */
  room(): Uint8Array {
    if (this.#buffer.length - this.#filled < LEAST_ROOM_BYTES) {
      this.#buffer = new Uint8Array(BUFFER_BYTES);
      this.#filled = 0;
    }
    return this.#buffer.subarray(this.#filled);
  }

  /**
   * The bytes that were written into the room.
   *
   * @param offset How many bytes of the input they and all before them came from.
   * @throws {InflateFault} when they are too many.
   */
  take(written: number, offset: number): Uint8Array {
    const start = this.#filled;
    this.#filled += written;
    this.#total += written;
    this.#check(offset);
    return this.#buffer.subarray(start, this.#filled);
  }

  #check(offset: number): void {
    const { maxInflatedBytes, maxInflationRatio } = this.#limits;
    const total = this.#total;
    if (total > maxInflatedBytes) {
      throw new InflateFault(
        `more than maxInflatedBytes (${maxInflatedBytes}) bytes come of the input`,
        { offset, fix: "raise maxInflatedBytes if the input is to be trusted" },
      );
    }
    if (total > RATIO_FREE_BYTES && total > offset * maxInflationRatio) {
      throw new InflateFault(
        `${total} bytes come of ${offset}, more than maxInflationRatio (${maxInflationRatio}) ` +
          "times as many",
        { offset, fix: "raise maxInflationRatio if the input is to be trusted" },
      );
    }
  }
}
