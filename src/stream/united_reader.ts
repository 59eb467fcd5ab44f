import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { several } from "../batch/several.ts";
import { alignmentAmong } from "./alignment.ts";
import { batchesOf } from "./open_source.ts";
import { settlementAmong } from "./settlement/settlements.ts";
import type {
  Source,
  SourceAlignment,
  SourceBatch,
  SourceOptions,
  SourceProgress,
} from "./source.ts";
import { ColumnOrder, type SourceColumns } from "./united_columns.ts";

/** What a read came to. */
export interface Read {
  readonly reader: UnitedReader;
  readonly result: IteratorResult<SourceBatch, unknown>;
}

/** The numbers of all partitions, in the order in which they are told of. */
export class PartitionNumbers {
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** All are counted anew. */
  clear(): void {
    this.#count = 0;
  }

  /** The numbers of so many more. */
  take(partitions: number): number[] {
    const first = this.#count;
    this.#count += partitions;
    return Array.from({ length: partitions }, (_, at) => first + at);
  }
}

/** Reads in the order in which they came. */
export class Arrivals {
  readonly #reads: (Read | { readonly error: unknown })[] = [];
  #wake: (() => void) | undefined;

  /** A read has come, or has failed. */
  add(read: Read | { readonly error: unknown }): void {
    this.#reads.push(read);
    this.#wake?.();
  }

  /**
   * The next, or `undefined` when `otherwise` resolves before it comes; rejects with the error of a
   * source that failed.
   */
  async next(otherwise?: Promise<void>): Promise<Read | undefined> {
    if (this.#reads.length === 0) {
      const arrival = new Promise<void>((resolve) => this.#wake = resolve);
      await (otherwise ? Promise.race([arrival, otherwise]) : arrival);
    }
    const read = this.#reads.shift();
    if (!read) return undefined;
    if ("error" in read) throw read.error;
    return read;
  }
}

/** One of several sources that are read at once. */
export class UnitedReader {
  /** What its source is called. */
  readonly name: string;
  /** Of each of its partitions: its number among all. */
  readonly #numbers: number[];
  readonly #places: PartitionNumbers;
  readonly #arrivals: Arrivals;
  readonly #batches: AsyncIterator<SourceBatch>;
  readonly #ended = new Set<number>();
  readonly #order: ColumnOrder;
  readonly #aligns: boolean;
  readonly #alignment: SourceAlignment | undefined;
  readonly #first: number;
  #restart: (() => void) | undefined;
  #schema: Schema | undefined;
  #isOpen = true;
  #progress: SourceProgress | undefined;

  /** Opens it, and reads nothing yet. */
  constructor(
    source: Source,
    { places, arrivals, options }: {
      readonly places: PartitionNumbers;
      readonly arrivals: Arrivals;
      readonly options: SourceOptions;
    },
  ) {
    this.name = source.name;
    this.#order = new ColumnOrder(source.name);
    this.#schema = source.schema;
    this.#places = places;
    this.#first = source.partitions ?? 1;
    this.#numbers = places.take(this.#first);
    this.#arrivals = arrivals;
    this.#aligns = source.aligns ?? false;
    const alignment = options.alignment &&
      alignmentAmong(options.alignment, (partition) => this.#numbers[partition]);
    this.#alignment = alignment;
    // Each must have all columns of the others, whatever is asked for.
    const { settlement, ...whole } = { ...options, wholeRecords: true };
    const heard = (listener: () => void) => this.#restart = listener;
    this.#batches = batchesOf(source, {
      ...whole,
      ...(alignment && { alignment }),
      ...(settlement && { settlement: settlementAmong(settlement, this.#numbers, heard) }),
    });
  }

  get #partitions(): number {
    return this.#numbers.length;
  }

  /** Whether more may come. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Its columns, once they are known. */
  get schema(): Schema | undefined {
    return this.#schema;
  }

  /** How far it has come, as far as it tells. */
  get progress(): SourceProgress | undefined {
    return this.#progress;
  }

  /** Reads on, unless that is to wait; whether it does. */
  readOn(): boolean {
    if (this.#isHeld()) return false;
    this.read();
    return true;
  }

  /** Whether all partitions are ahead: where one is not, others may be waiting for that. */
  #isHeld(): boolean {
    const alignment = this.#alignment;
    const partitions = this.#partitions;
    if (!alignment || this.#aligns && partitions > 1) return false;
    for (let partition = 0; partition < partitions; partition++) {
      if (!this.#ended.has(partition) && !alignment.isAhead(partition)) return false;
    }
    return this.#ended.size < partitions;
  }

  /** Reads on; what comes arrives. */
  read(): void {
    this.#batches.next().then(
      (result) => this.#arrivals.add({ reader: this, result }),
      (error) => this.#arrivals.add({ error }),
    );
  }

  /** Learns from what came what the columns are. */
  seen(read: SourceBatch): SourceBatch {
    const { batch } = Object(read) as SourceBatch;
    if (batch instanceof RecordBatch) this.#schema ??= batch.schema;
    return read;
  }

  /** What came, among all partitions and with the columns of all. */
  placed(read: SourceBatch, columns: SourceColumns): SourceBatch {
    // What is no batch is left to the pipeline to refuse.
    if (typeof read !== "object" || read === null) return read;
    const { format: _, progress, partitions, ...rows } = read;
    const { batch, partition = 0, ended = false } = rows;
    this.#progress = progress ?? this.#progress;
    if (partitions !== undefined) this.#grow(partitions);
    if (!(Number.isInteger(partition) && partition >= 0 && partition < this.#partitions)) {
      throw new RangeError(
        `Cannot read ${this.name}: it has ${
          several(this.#partitions, "partition")
        }, received a batch of ` +
          `partition ${partition}`,
      );
    }
    if (ended) this.#ended.add(partition);
    const placed = {
      ...rows,
      partition: this.#numbers[partition],
      ...(partitions !== undefined && { partitions: this.#places.count }),
    };
    return batch instanceof RecordBatch
      ? { ...placed, batch: this.#order.ordered(batch, columns) }
      : placed;
  }

  /** How many partitions there are behind a restart. */
  partitionsIn({ partitions = this.#first }: SourceBatch): number {
    return partitions;
  }

  /** It is to begin anew, since another has; whether it can. */
  restart(): boolean {
    if (!this.#isOpen || !this.#restart) return false;
    this.#restart();
    return true;
  }

  /** It has begun anew, and all others too: goes on to be read. */
  renew(partitions: number): void {
    this.#numbers.splice(0, Infinity, ...this.#places.take(partitions));
    this.#ended.clear();
    this.read();
  }

  #grow(partitions: number): void {
    if (!(Number.isInteger(partitions) && partitions >= this.#partitions)) {
      throw new RangeError(
        `Cannot read ${this.name}: partitions must be a whole number from ${this.#partitions}, ` +
          `received ${partitions}`,
      );
    }
    this.#numbers.push(...this.#places.take(partitions - this.#partitions));
  }

  /** Nothing more will come. */
  *end(): Generator<SourceBatch> {
    this.#isOpen = false;
    for (let partition = 0; partition < this.#partitions; partition++) {
      if (!this.#ended.has(partition)) yield { partition: this.#numbers[partition], ended: true };
    }
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}
