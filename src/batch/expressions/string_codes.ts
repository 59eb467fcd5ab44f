import type { Column } from "../column.ts";
import { columnOf } from "../column_of.ts";
import type { StringSpace } from "./lowering.ts";

/** The codes of the strings of one dict output: its constants, and what dictionaries add. */
export class StringCodes {
  readonly #constants: ReadonlyMap<string, number>;
  #codes: Map<string, number>;
  #dictionary: Column | undefined;

  constructor({ constants }: StringSpace) {
    this.#constants = constants;
    this.#codes = new Map(constants);
  }

  /** Forgets all but the constants. */
  reset(): void {
    if (this.#codes.size === this.#constants.size) return;
    this.#codes = new Map(this.#constants);
    this.#dictionary = undefined;
  }

  /** The code of a string, a new one if need be. */
  codeOf(text: string): number {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#codes.size;
      this.#codes.set(text, code);
      this.#dictionary = undefined;
    }
    return code;
  }

  /** The strings in the order of their codes; the same column as long as there are no new ones. */
  get dictionary(): Column {
    return this.#dictionary ??= columnOf({ kind: "utf8" }, [...this.#codes.keys()]);
  }
}
