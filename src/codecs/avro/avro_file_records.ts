import { several } from "../../batch/several.ts";
import { decompressBlock } from "./avro_block_codecs.ts";
import { type AvroFileBlock, AvroFileBlocks, type AvroFileLimits } from "./avro_file_blocks.ts";
import { type AvroFileFault, COPY_AGAIN } from "./avro_file_fault.ts";
import type { AvroFileHeader } from "./avro_file_header.ts";

const PIECE_BYTES = 1_048_576;

/** Records of an Avro file that follow each other without anything between them. */
export interface AvroFileRecords {
  /** Their bytes; valid until the next ones are asked for. */
  readonly bytes: Uint8Array;
  /** How many they are said to be. */
  readonly records: number;
  /** Where their block begins in the file. */
  readonly offset: number;
}

/** A part of a file that cannot be read. */
export interface LostPart {
  /** What is wrong. */
  readonly fault: AvroFileFault;
  /** The bytes of the block, where it is known which they are. */
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Reads the records of an Avro file that comes in chunks, block by block. */
export class AvroFileReader {
  readonly #blocks: AvroFileBlocks;
  readonly #maxBlockBytes: number;
  readonly #onLost: (lost: LostPart) => void;

  /** A file that has not begun; lost parts are told before what follows them. */
  constructor(limits: AvroFileLimits, onLost: (lost: LostPart) => void) {
    this.#blocks = new AvroFileBlocks(limits);
    this.#maxBlockBytes = limits.maxBlockBytes;
    this.#onLost = onLost;
  }

  /** The header, as soon as all of it has come. */
  get header(): AvroFileHeader | undefined {
    return this.#blocks.header;
  }

  /**
   * Reads the blocks that a chunk completes.
   *
   * @throws {AvroFileFaultError} when the header cannot be used.
   */
  *read(chunk: Uint8Array): Generator<AvroFileRecords, void, undefined> {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      this.#blocks.push(chunk.subarray(at, at + PIECE_BYTES));
      yield* this.#drain();
    }
  }

  *#drain(): Generator<AvroFileRecords, void, undefined> {
    for (let part = this.#blocks.next(); part.state !== "more"; part = this.#blocks.next()) {
      if (part.state === "bad") {
        this.#onLost({ fault: part.fault, bytes: NOTHING });
        continue;
      }
      const records = this.#open(part.block);
      if (records) yield records;
    }
  }

  /**
   * Reads what is left.
   *
   * @throws {AvroFileFaultError} when not even the header has come.
   */
  *finish(): Generator<AvroFileRecords, void, undefined> {
    this.#blocks.close();
    yield* this.#drain();
    for (let fault = this.#blocks.finish(); fault; fault = this.#blocks.finish()) {
      this.#onLost({ fault, bytes: NOTHING });
      yield* this.#drain();
    }
  }

  #open({ records, bytes, offset }: AvroFileBlock): AvroFileRecords | undefined {
    const lost = (reason: string) => {
      const fault = { reason, offset, fix: COPY_AGAIN };
      this.#onLost({ fault, bytes });
    };
    try {
      const made = decompressBlock(this.header!.codec, bytes, this.#maxBlockBytes);
      if (made.length > 0) return { bytes: made, records, offset };
      if (records > 0) lost(`a block of no bytes says that it has ${several(records, "record")}`);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      lost(`a block cannot be decompressed: ${error.message}`);
    }
    return undefined;
  }
}
