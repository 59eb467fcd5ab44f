import { RecordReader, RecordWriter } from "../../batch/records/mod.ts";
import { aligned, hashBytes, refusalInStream } from "../../hive/record_frames.ts";
import type { SealedBatch } from "../../hive/work_queue.ts";

const MAX_ROWS = 1024;
const MAX_BYTES = 256 * 1024;
const KEPT_BYTES = 1024 * 1024;

/** Options of a {@linkcode BatchFiller}. */
export interface BatchFillerOptions {
  readonly group: number;
  readonly priority: boolean;
  /** Whether keys cross to the bee; asked at the start of each batch. */
  readonly sendKeys: () => boolean;
  /** The number of the record that is being added; only where the order over all keys is kept. */
  readonly sequence?: () => number;
  /** The longest frame that a bee can be sent. */
  readonly maxFrameBytes: number;
}

/** Encodes records of one key group as they are submitted, until a batch is full or must leave. */
export class BatchFiller {
  readonly #options: BatchFillerOptions;
  readonly #values: RecordWriter;
  readonly #keyWriter = new RecordWriter();
  readonly #hashes = new Int32Array(MAX_ROWS);
  readonly #maxBytes: number;
  readonly #maxKeyLength: number;
  #sendKeys = false;
  #keys: string[] = [];
  #sequences: number[] = [];

  /** A filler with an empty batch. */
  constructor(options: BatchFillerOptions) {
    this.#options = options;
    this.#maxBytes = Math.min(MAX_BYTES, options.maxFrameBytes >> 2);
    this.#maxKeyLength = options.maxFrameBytes >> 5; // at 3 bytes a character under a tenth of it
    this.#values = new RecordWriter({ maxBytes: options.maxFrameBytes >> 1 });
  }

  /** Which key group its records belong to. */
  get group(): number {
    return this.#options.group;
  }

  /** Records in the open batch. */
  get rows(): number {
    return this.#keys.length;
  }

  /** Whether its records are of high priority. */
  get priority(): boolean {
    return this.#options.priority;
  }

  /**
   * Adds a record; whether the batch is full with it.
   *
   * @throws {TypeError | RangeError} when the value cannot cross, or it or the key is too long; the
   * batch is then as before.
   */
  add({ key, value }: { key: string; value: unknown }, hash: number): boolean {
    if (key.length > this.#maxKeyLength) throw keyTooLong(key.length, this.#maxKeyLength);
    this.#write(value);
    if (this.#keys.length === 0) this.#sendKeys = this.#options.sendKeys();
    this.#hashes[this.#keys.length] = hash;
    this.#keys.push(key);
    if (this.#options.sequence) this.#sequences.push(this.#options.sequence());
    if (this.#sendKeys) this.#keyWriter.write(key);
    return this.#keys.length === MAX_ROWS || this.#bytes >= this.#maxBytes;
  }

  /** Closes the batch and opens an empty one. */
  seal(order: number): SealedBatch {
    const { group, priority, sequence } = this.#options;
    const sendKeys = this.#sendKeys;
    const rows = this.#keys.length;
    const valuesAt = hashBytes(rows);
    const room = valuesAt + aligned(this.#values.byteLength()) +
      (sendKeys ? this.#keyWriter.byteLength() : 0);
    const buffer = scratch(aligned(room));
    const valueBytes = this.#values.finish(buffer.subarray(valuesAt));
    const keysAt = valuesAt + aligned(valueBytes);
    const keyBytes = sendKeys ? this.#keyWriter.finish(buffer.subarray(keysAt)) : 0;
    new Int32Array(buffer.buffer, 0, rows).set(this.#hashes.subarray(0, rows));
    const body = buffer.slice(0, aligned(keysAt + keyBytes));
    const keys = this.#keys;
    const sequences = sequence ? this.#sequences : undefined;
    this.#keys = [];
    this.#sequences = [];
    return { group, priority, rows, body, valueBytes, keyBytes, keys, sequences, order };
  }

  #write(value: unknown): void {
    try {
      this.#values.write(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RangeError(refusalInStream(error.message), { cause: error });
    }
  }

  get #bytes(): number {
    const { estimatedBytes } = this.#values;
    return estimatedBytes + this.#keyWriter.estimatedBytes + hashBytes(this.#keys.length);
  }
}

/** The values of a batch as they were submitted, decoded anew. */
export function submittedValues(batch: SealedBatch): unknown[] {
  const at = hashBytes(batch.rows);
  return new RecordReader().read(batch.body.subarray(at, at + batch.valueBytes));
}

/** Where batches are laid out: what they may take is far more than what they turn out to take. */
let kept = new Uint8Array(0);

function scratch(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes > KEPT_BYTES) return new Uint8Array(bytes);
  if (bytes > kept.length) kept = new Uint8Array(Math.min(2 * bytes, KEPT_BYTES));
  return kept;
}

function keyTooLong(length: number, limit: number): RangeError {
  return new RangeError(
    `Cannot submit: the key has ${length} characters, at most ${limit} allowed (a 64th of ` +
      `ringBytes); use a shorter key or raise ringBytes`,
  );
}
