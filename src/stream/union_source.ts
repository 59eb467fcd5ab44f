import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema, TypedSchema } from "../batch/schema.ts";
import { sameType, typeName } from "../batch/schema_check.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import { batchesOf } from "./open_source.ts";
import { alignmentAmong } from "./alignment.ts";
import { settlementAmong } from "./settlement/settlements.ts";
import type {
  Source,
  SourceAlignment,
  SourceBatch,
  SourceOptions,
  SourceProgress,
} from "./source.ts";

const REMEDY = "all need the same columns of the same types: give them one schema";

/** A source's columns, with its name for messages. */
interface Columns {
  readonly source: string;
  readonly schema: Schema;
}

/** What a read came to. */
interface Read {
  readonly reader: Reader;
  readonly result: IteratorResult<SourceBatch, unknown>;
}

/** Sources side by side: each keeps its order, its partitions and their watermarks. */
export class UnionSource implements Source {
  readonly name: string;
  readonly schema?: TypedSchema<Record<string, unknown>>;
  readonly partitions: number;
  readonly tellsPartitions: boolean;
  /** Sources are held back as a whole, where they cannot hold their partitions back. */
  readonly aligns = true;
  readonly #sources: readonly Source[];

  /**
   * All of these; what is a union itself is taken apart.
   *
   * @throws {TypeError} when columns that are known already are not the same.
   */
  constructor(sources: readonly Source[]) {
    this.#sources = sources.flatMap((source) =>
      source instanceof UnionSource ? source.#sources : [source]
    );
    this.name = this.#sources.map(({ name }) => name).join(" and ");
    this.partitions = this.#sources.reduce((sum, { partitions = 1 }) => sum + partitions, 0);
    this.tellsPartitions = this.#sources.some(({ tellsPartitions = false }) => tellsPartitions);
    const known = this.#sources.flatMap(({ name, schema }) =>
      schema ? [{ source: name, schema: schema as Schema }] : []
    );
    for (const columns of known.slice(1)) placesOf(known[0], columns);
    const { schema } = this.#sources[0];
    if (schema) this.schema = schema;
  }

  /** The sources, none of them a union. */
  get sources(): readonly Source[] {
    return this.#sources;
  }

  /** Begins to read all of them at once; batches come as they come, those of each in its order. */
  open(options: SourceOptions): AsyncIterable<SourceBatch> {
    const arrivals = new Arrivals();
    const places = new Places();
    const readers = this.#sources.map((source) => {
      return new Reader(source, { places, arrivals, options });
    });
    const merged = this.#merged(readers, { arrivals, alignment: options.alignment });
    return { [Symbol.asyncIterator]: () => closing(merged, readers) };
  }

  async *#merged(
    readers: readonly Reader[],
    { arrivals, alignment }: { arrivals: Arrivals; alignment: SourceAlignment | undefined },
  ): AsyncGenerator<SourceBatch, void, undefined> {
    const held = new Set<Reader>();
    const waiting: Waiting[] = [];
    let columns: Columns | undefined;
    for (const reader of readers) reader.read();
    for (let open = readers.length; open > 0;) {
      for (const reader of held) if (reader.readOn()) held.delete(reader);
      const arrival = await arrivals.next(held.size > 0 ? alignment?.changed() : undefined);
      if (!arrival) continue;
      const { reader, result } = arrival;
      if (!result.done) {
        const batch = reader.seen(result.value);
        const isReadOn = !columns && !reader.schema && isBeside(batch);
        if (isReadOn) reader.read();
        waiting.push({ reader, batch, isReadOn });
      } else {
        open--;
        yield* reader.end();
      }
      columns ??= columnsOf(readers);
      for (const { reader, batch, isReadOn } of columns ? waiting.splice(0) : []) {
        const placed = reader.placed(batch, columns!);
        yield Object(placed) === placed ? { ...placed, ...progressOf(readers) } : placed;
        if (!isReadOn && !reader.readOn()) held.add(reader);
      }
    }
  }
}

/** What came before the columns of all were known. */
interface Waiting {
  readonly reader: Reader;
  readonly batch: SourceBatch;
  /** Whether what comes behind it was asked for already. */
  readonly isReadOn: boolean;
}

/** Whether something tells of a source, and has no rows that would tell its columns. */
function isBeside(read: SourceBatch): boolean {
  return typeof read === "object" && read !== null && read.batch === undefined;
}

/** Closes all sources when it is returned from, not before a failure of one is told. */
function closing(
  merged: AsyncIterator<SourceBatch, void>,
  readers: readonly Reader[],
): AsyncIterator<SourceBatch, void> {
  return {
    next: () => merged.next(),
    return: async () => {
      await Promise.allSettled(readers.map((reader) => reader.close()));
      return { done: true, value: undefined };
    },
  };
}

/** How far sources have come together, if one of them tells; in all, if all know. */
function progressOf(readers: readonly Reader[]): Pick<SourceBatch, "progress"> {
  const told = readers.flatMap(({ progress }) => progress ? [progress] : []);
  if (told.length === 0) return {};
  const bytes = told.reduce((sum, { bytes }) => sum + bytes, 0);
  const totals = told.flatMap(({ totalBytes }) => totalBytes === undefined ? [] : [totalBytes]);
  if (totals.length < readers.length) return { progress: { bytes } };
  return { progress: { bytes, totalBytes: totals.reduce((sum, each) => sum + each, 0) } };
}

function restarts(name: string): StreamingError {
  return new StreamingError(
    `Cannot go on: some of ${name} was given to another reader, so that open windows are to be ` +
      `dropped and what is in them read again, which the sources beside it are not told to; run ` +
      `the pipeline again, or a pipeline for each source`,
  );
}

/** The columns of the first that has any, once it and all before it have said so. */
function columnsOf(readers: readonly Reader[]): Columns | undefined {
  for (const { name, schema, isOpen } of readers) {
    if (schema) return { source: name, schema };
    if (isOpen) return undefined;
  }
  return undefined;
}

/** The numbers of all partitions, in the order in which they are told of. */
class Places {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The numbers of so many more. */
  take(partitions: number): number[] {
    const first = this.#count;
    this.#count += partitions;
    return Array.from({ length: partitions }, (_, at) => first + at);
  }
}

/** Reads in the order in which they came. */
class Arrivals {
  readonly #reads: (Read | { readonly error: unknown })[] = [];
  #wake: (() => void) | undefined;

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

/** One of the sources, while it is read. */
class Reader {
  readonly name: string;
  /** Of each of its partitions: its number among all. */
  readonly #numbers: number[];
  readonly #places: Places;
  readonly #arrivals: Arrivals;
  readonly #batches: AsyncIterator<SourceBatch>;
  readonly #ended = new Set<number>();
  readonly #aligns: boolean;
  readonly #alignment: SourceAlignment | undefined;
  #schema: Schema | undefined;
  #isOpen = true;
  #progress: SourceProgress | undefined;
  /** How the columns of the last batch were put in order, by its schema. */
  #order: { readonly of: Schema; readonly places: readonly number[] } | undefined;

  constructor(
    source: Source,
    { places, arrivals, options }: {
      readonly places: Places;
      readonly arrivals: Arrivals;
      readonly options: SourceOptions;
    },
  ) {
    this.name = source.name;
    this.#schema = source.schema;
    this.#places = places;
    this.#numbers = places.take(source.partitions ?? 1);
    this.#arrivals = arrivals;
    this.#aligns = source.aligns ?? false;
    const alignment = options.alignment &&
      alignmentAmong(options.alignment, (partition) => this.#numbers[partition]);
    this.#alignment = alignment;
    // Each must have all columns of the others, whatever is asked for.
    const { settlement, ...whole } = { ...options, wholeRecords: true };
    this.#batches = batchesOf(source, {
      ...whole,
      ...(alignment && { alignment }),
      ...(settlement && { settlement: settlementAmong(settlement, this.#numbers) }),
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
  placed(read: SourceBatch, columns: Columns): SourceBatch {
    // What is no batch is left to the pipeline to refuse.
    if (typeof read !== "object" || read === null) return read;
    const { format: _, progress, partitions, ...rows } = read;
    const { batch, partition = 0, ended = false } = rows;
    this.#progress = progress ?? this.#progress;
    if (rows.restart) throw restarts(this.name);
    if (partitions !== undefined) this.#grow(partitions);
    if (!(Number.isInteger(partition) && partition >= 0 && partition < this.#partitions)) {
      throw new RangeError(
        `Cannot read ${this.name}: it has ${this.#partitions} partitions, received a batch of ` +
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
      ? { ...placed, batch: this.#ordered(batch, columns) }
      : placed;
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

  #ordered(batch: RecordBatch, columns: Columns): RecordBatch {
    if (this.#order?.of !== batch.schema) {
      const own = { source: this.name, schema: batch.schema };
      this.#order = { of: batch.schema, places: placesOf(columns, own) };
    }
    const { places } = this.#order;
    if (places.every((place, at) => place === at)) return batch;
    const { schema } = columns;
    return new RecordBatch(schema, places.map((place) => batch.columnAt(place)), batch.length);
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

/**
 * Where each of the columns stands in the other source's batches.
 *
 * @throws {TypeError} when that has others, or of other types.
 */
function placesOf(columns: Columns, other: Columns): number[] {
  const extra = other.schema.fields.find(({ name }) => !fieldOf(columns, name));
  if (extra) throw missing(extra, { has: other, lacks: columns });
  return columns.schema.fields.map((field) => {
    const found = fieldOf(other, field.name);
    if (!found) throw missing(field, { has: columns, lacks: other });
    const isSame = sameType(field.type, found.type) &&
      (field.nullable ?? true) === (found.nullable ?? true);
    if (isSame) return other.schema.fields.indexOf(found);
    throw new TypeError(
      `Cannot unite ${columns.source} and ${other.source}: the column ` +
        `${JSON.stringify(field.name)} is ${typeOf(field)} in the former and ${typeOf(found)} in ` +
        `the latter; ${REMEDY}`,
    );
  });
}

function typeOf({ type, nullable }: Field): string {
  return typeName(type) + (nullable === false ? " not null" : "");
}

function fieldOf({ schema }: Columns, name: string): Field | undefined {
  return schema.fields.find((field) => field.name === name);
}

function missing(field: Field, { has, lacks }: { has: Columns; lacks: Columns }): TypeError {
  const which = has.source === lacks.source ? "one of them" : "the latter";
  return new TypeError(
    `Cannot unite ${has.source} and ${lacks.source}: ${which} has no column ` +
      `${JSON.stringify(field.name)}; ${REMEDY}`,
  );
}
