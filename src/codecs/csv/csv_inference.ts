import type { DataType } from "../../batch/schema.ts";
import { parseTimestamp } from "../../batch/iso_time.ts";

const BOOL = /^(?:true|false)$/i;
// A number with leading zeros is a code, such as 007, and stays text.
const WHOLE = /^[+-]?(?:0|[1-9]\d*)$/;
const NUMBER = /^(?:[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]?Infinity)$/;

/** What the texts of one CSV column have in common. */
export class ColumnGuess {
  #seen = false;
  #bool = true;
  #number = true;
  #whole = true;
  #small = true;
  #safe = true;
  #long = true;
  #timestamp: boolean;

  /** A guess about a column; of timestamps only if they are wanted. */
  constructor(timestamps: boolean) {
    this.#timestamp = timestamps;
  }

  /** Takes a text that is not null into account. */
  add(text: string): void {
    this.#seen = true;
    if (this.#bool && !BOOL.test(text)) this.#bool = false;
    if (this.#timestamp && parseTimestamp(text) === undefined) this.#timestamp = false;
    if (!this.#number) return;
    if (!NUMBER.test(text)) this.#number = false;
    else if (this.#whole && !WHOLE.test(text)) this.#whole = false;
    else if (this.#whole) this.#addWhole(text);
  }

  #addWhole(text: string): void {
    const value = Number(text);
    if ((value | 0) !== value) this.#small = false;
    if (Number.isSafeInteger(value)) return;
    this.#safe = false;
    const exact = BigInt(text.startsWith("+") ? text.slice(1) : text);
    if (BigInt.asIntN(64, exact) !== exact) this.#long = false;
  }

  /** The narrowest type that holds every text; utf8 when there was none. */
  type(): DataType {
    if (!this.#seen) return { kind: "utf8" };
    if (this.#bool) return { kind: "bool" };
    if (this.#timestamp) return { kind: "timestamp" };
    if (!this.#number) return { kind: "utf8" };
    if (!this.#whole) return { kind: "f64" };
    if (this.#small) return { kind: "i32" };
    if (this.#safe) return { kind: "i64", as: "number" };
    return { kind: this.#long ? "i64" : "utf8" };
  }
}
