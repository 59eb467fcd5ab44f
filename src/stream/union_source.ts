import type { Schema, TypedSchema } from "../batch/schema.ts";
import type { Source, SourceAlignment, SourceBatch, SourceOptions } from "./source.ts";
import { restarted } from "./union_restart.ts";
import { placesOf, type SourceColumns } from "./united_columns.ts";
import { Arrivals, PartitionNumbers, UnitedReader } from "./united_reader.ts";

/** Sources side by side: each keeps its order, its partitions and their watermarks. */
export class UnionSource implements Source {
  readonly name: string;
  readonly schema?: TypedSchema<Record<string, unknown>>;
  readonly partitions: number;
  readonly tellsPartitions: boolean;
  /** Sources are held back as a whole, where they cannot hold their partitions back. */
  readonly aligns = true;
  readonly settles?: "rows";
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
    if (this.#sources.some(({ settles }) => settles)) this.settles = "rows";
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
    const places = new PartitionNumbers();
    const readers = this.#sources.map((source) => {
      return new UnitedReader(source, { places, arrivals, options });
    });
    const merged = this.#merged(readers, { arrivals, places, alignment: options.alignment });
    return { [Symbol.asyncIterator]: () => closing(merged, readers) };
  }

  async *#merged(
    readers: readonly UnitedReader[],
    { arrivals, places, alignment }: {
      readonly arrivals: Arrivals;
      readonly places: PartitionNumbers;
      readonly alignment: SourceAlignment | undefined;
    },
  ): AsyncGenerator<SourceBatch, void, undefined> {
    const held = new Set<UnitedReader>();
    const waiting: Waiting[] = [];
    let columns: SourceColumns | undefined;
    for (const reader of readers) reader.read();
    for (let open = readers.length; open > 0;) {
      for (const reader of held) if (reader.readOn()) held.delete(reader);
      const arrival = await arrivals.next(held.size > 0 ? alignment?.changed() : undefined);
      if (!arrival) continue;
      const { reader, result } = arrival;
      if (!result.done && Object(result.value).restart) {
        yield* restarted({ readers, arrivals, places, silent: silentOf(held, waiting) }, arrival);
        held.clear();
        waiting.length = 0;
        continue;
      }
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
  readonly reader: UnitedReader;
  readonly batch: SourceBatch;
  /** Whether what comes behind it was asked for already. */
  readonly isReadOn: boolean;
}

/** Those of which nothing is on its way. */
function silentOf(
  held: ReadonlySet<UnitedReader>,
  waiting: readonly Waiting[],
): UnitedReader[] {
  return [...held, ...waiting.flatMap(({ reader, isReadOn }) => isReadOn ? [] : reader)];
}

/** Whether something tells of a source, and has no rows that would tell its columns. */
function isBeside(read: SourceBatch): boolean {
  return typeof read === "object" && read !== null && read.batch === undefined;
}

/** Closes all sources when it is returned from, not before a failure of one is told. */
function closing(
  merged: AsyncIterator<SourceBatch, void>,
  readers: readonly UnitedReader[],
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
function progressOf(readers: readonly UnitedReader[]): Pick<SourceBatch, "progress"> {
  const told = readers.flatMap(({ progress }) => progress ? [progress] : []);
  if (told.length === 0) return {};
  const bytes = told.reduce((sum, { bytes }) => sum + bytes, 0);
  const totals = told.flatMap(({ totalBytes }) => totalBytes === undefined ? [] : [totalBytes]);
  if (totals.length < readers.length) return { progress: { bytes } };
  return { progress: { bytes, totalBytes: totals.reduce((sum, each) => sum + each, 0) } };
}

/** The columns of the first that has any, once it and all before it have said so. */
function columnsOf(readers: readonly UnitedReader[]): SourceColumns | undefined {
  for (const { name, schema, isOpen } of readers) {
    if (schema) return { source: name, schema };
    if (isOpen) return undefined;
  }
  return undefined;
}
