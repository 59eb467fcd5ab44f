import { several } from "../../batch/several.ts";
import type { BadBlockRecord, BlockDecoder, DecodedBlock } from "../block_decoder.ts";

/** Bytes of the number of records in front of a counted block: a double, the lowest byte first. */
export const COUNT_BYTES = 8;

/** What is wrong with a block that has not as many records as it says. */
export function countFault(
  { expected, found, end }: {
    readonly expected: number;
    readonly found: number;
    /** Where its records end. */
    readonly end: number;
  },
): BadBlockRecord {
  const missing = expected - found;
  return {
    ...{ record: found, line: 0, start: end, end, at: end },
    reason: missing > 0
      ? `the block ends here, with ${several(missing, "record")} less than it says`
      : `the block has ${several(-missing, "record")} more than it says`,
    fix: "the file is damaged: copy or write it again",
  };
}

/** Decodes blocks with the number of their records in front, and holds them to it. */
export class CountedBlockDecoder implements BlockDecoder {
  readonly #records: BlockDecoder;
  #found = 0;
  #isCut = false;

  /** A decoder by one of records. */
  constructor(records: BlockDecoder) {
    this.#records = records;
  }

  /** See {@linkcode BlockDecoder}. */
  decode(block: Uint8Array, from = 0): DecodedBlock {
    if (from === 0) {
      this.#found = 0;
      this.#isCut = false;
    }
    const before = this.#found;
    const decoded = this.#records.decode(block, Math.max(from, COUNT_BYTES));
    this.#found += decoded.records;
    // what has no end takes the rest of the block with it
    this.#isCut ||= decoded.bad.some(({ end }) => end === block.length);
    const expected = new DataView(block.buffer, block.byteOffset).getFloat64(0, true);
    const isWhole = decoded.end < block.length || this.#isCut || this.#found === expected;
    if (isWhole) return decoded;
    const fault = countFault({ expected, found: this.#found, end: block.length });
    const bad = [...decoded.bad, { ...fault, record: this.#found - before }];
    return { ...decoded, bad, records: decoded.records + 1 };
  }

  /** Gives the decoder's memory back. */
  [Symbol.dispose](): void {
    this.#records[Symbol.dispose]();
  }
}
