import { BatchLayout } from "./batch_layout.ts";
import { ColumnWriter } from "./column_writer.ts";
import { align8, HEADER_BYTES } from "./layout.ts";
import { type RecordLimits, resolveLimits } from "./limits.ts";
import { TreeWriter } from "./tree_writer.ts";
import { describeUncrossable, sizeProblem, Uncrossable } from "./uncrossable.ts";

/** The header, the description of the root column and the padding of the sections. */
const BATCH_BYTES = HEADER_BYTES + 192;

/**
 * Writes values of any kind into a batch of columns that another thread reads with a
 * {@linkcode RecordReader}.
 *
 * A value is copied when it is written and may change afterwards. What structured cloning carries
 * comes out equal: objects (own enumerable string keys, in order), arrays with their holes, dates,
 * bigints, maps, sets, regular expressions, errors, binary data. Instances of classes become plain
 * objects. References shared within one value are kept if the value nests in a circle or deeply,
 * or within a map, set or error, and otherwise become copies. A view of a buffer comes out on a
 * buffer of its own.
 *
 * Batches are self-contained: any reader can read any of them, in any order and more than once.
 *
 * @example
 * ```ts
 * import { RecordReader } from "./record_reader.ts";
 *
 * const writer = new RecordWriter();
 * writer.write({ sensor_id: "sensor_1", temperature: 21.5 });
 * writer.write(new Map([["a", 1n]]));
 * const bytes = new Uint8Array(new SharedArrayBuffer(writer.byteLength()));
 * const written = writer.finish(bytes);
 * console.log(new RecordReader().read(bytes.subarray(0, written)));
 * ```
 */
export class RecordWriter {
  readonly #limits: Required<RecordLimits>;
  readonly #tree: TreeWriter;
  readonly #layout = new BatchLayout();
  #length = 0;
  #writing = false;

  /** @throws {RangeError} when a limit is out of its range. */
  constructor(options: RecordLimits = {}) {
    this.#limits = resolveLimits(options);
    this.#tree = new TreeWriter(this.#limits);
  }

  /** Values in the batch. */
  get length(): number {
    return this.#length;
  }

  /** An upper bound of the bytes that {@linkcode finish} writes; costs nothing. */
  get estimatedBytes(): number {
    return BATCH_BYTES + this.#tree.bytes + align8(this.#tree.free.length);
  }

  /** The bytes that a target of {@linkcode finish} must have: a multiple of 8. */
  byteLength(): number {
    return align8(this.estimatedBytes);
  }

  /**
   * Adds a value to the batch.
   *
   * @throws {TypeError} when something in the value cannot cross threads (a function, a promise);
   * the message names its place and the fix, and the batch is as before.
   * @throws {RangeError} when the value exceeds a limit; the batch is as before.
   */
  write(value: unknown): void {
    if (this.#writing) {
      throw new TypeError(
        "Cannot write value: a getter of the value being written wrote to the same batch; " +
          "read what the getter gives first, then write",
      );
    }
    this.#writing = true;
    const tree = this.#tree;
    const { bytes } = tree;
    const freeBytes = tree.free.length;
    const freeText = tree.free.text.length;
    try {
      if (!tree.write(this.#length, value)) {
        this.#rollBack(bytes, freeBytes, freeText);
        if (tree.root.guess !== null) tree.root.guess.deep = true;
        tree.writeFree(this.#length, value);
      }
    } catch (error) {
      this.#rollBack(bytes, freeBytes, freeText);
      throw error instanceof Uncrossable ? this.#refusal(value, error) : error;
    } finally {
      this.#writing = false;
    }
    this.#length++;
  }

  #rollBack(bytes: number, freeBytes: number, freeText: number): void {
    const tree = this.#tree;
    tree.root.truncate(this.#length);
    tree.free.truncate(freeBytes, freeText);
    tree.bytes = bytes;
    tree.release();
  }

  #refusal(value: unknown, reason: Uncrossable): Error {
    // A value that is too large as a whole is not walked: there is no place in it to name.
    const isSize = reason.message === sizeProblem(this.#limits.maxBytes);
    const problem = (isSize ? undefined : describeUncrossable(value, this.#limits)) ??
      `value ${reason.message}`;
    const message = `Cannot send value to another thread: ${problem}`;
    return reason.limit ? new RangeError(message) : new TypeError(message);
  }

  /**
   * Writes the batch and starts the next one; the shapes that were learned stay.
   *
   * @param target at least {@linkcode byteLength} bytes from a multiple of 8 in its buffer, which
   * may be shared memory.
   * @returns the bytes written, a multiple of 8.
   * @throws {RangeError} when the target is too small or not aligned; the batch stays.
   */
  finish(target: Uint8Array): number {
    const needed = this.byteLength();
    if (target.byteLength < needed || target.byteOffset % 8 !== 0) {
      throw new RangeError(
        `Cannot finish batch: the target must start at a multiple of 8 and have at least ` +
          `${needed} bytes, received ${target.byteLength} bytes at ${target.byteOffset}; ` +
          `allocate byteLength() bytes`,
      );
    }
    const written = this.#layout.write(this.#tree, this.#length, target);
    this.#layout.close();
    this.reset();
    return written;
  }

  /** Drops the values of the batch; the shapes that were learned stay. */
  reset(): void {
    const tree = this.#tree;
    if (tree.shapes.full) {
      tree.root = new ColumnWriter();
      tree.shapes.clear();
    } else tree.root.reset();
    tree.free.truncate(0, 0);
    tree.bytes = 0;
    tree.release();
    this.#length = 0;
  }
}
