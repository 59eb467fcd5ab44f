import { StreamingError } from "../../hive/streaming_error.ts";
import type { KeyedRecords } from "./hive_stream_types.ts";
import { ResultsFullError } from "./results_full_error.ts";

type RecordIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** What {@linkcode SourceReaders} ask and tell the stream. */
export interface SourceReadersOptions<In> {
  /** Whether records are taken. */
  readonly isOpen: () => boolean;
  /** Submits a record; resolves when it is accepted. */
  readonly submit: (key: string, value: In) => Promise<void>;
  /** A source cannot be read any more. */
  readonly failed: (error: Error) => void;
}

/** Reads sources side by side, each at the pace at which its records are accepted. */
export class SourceReaders<In> {
  readonly #options: SourceReadersOptions<In>;
  readonly #open = new Set<RecordIterator>();

  /** Readers of no source yet. */
  constructor(options: SourceReadersOptions<In>) {
    this.#options = options;
  }

  /** Starts to read a source; its end and its failure are seen to. */
  read(records: KeyedRecords<In>): void {
    this.#drain(records).catch((cause) => {
      // A stop turns away whoever waits for room, sources too: that is no fault of theirs.
      if (!this.#options.isOpen()) return;
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#options.failed(new StreamingError(`Cannot read source: ${reason}`, { cause }));
    });
  }

  /** Tells all sources that nobody reads them any more; how they take it concerns nobody. */
  close(): void {
    for (const iterator of this.#open) this.#leave(iterator).catch(() => {});
  }

  async #drain(records: KeyedRecords<In>): Promise<void> {
    if (!this.#options.isOpen()) return;
    const iterator = Symbol.asyncIterator in records
      ? records[Symbol.asyncIterator]()
      : records[Symbol.iterator]();
    this.#open.add(iterator);
    try {
      while (this.#options.isOpen()) {
        const { done, value } = await iterator.next();
        if (done) return void this.#open.delete(iterator);
        if (this.#options.isOpen()) await this.#submit(...checkedPair<In>(value, "read source"));
      }
    } finally {
      await this.#leave(iterator);
    }
  }

  /** A source has time: results that nobody reads for a while hold it up and do not end it. */
  async #submit(key: string, value: In): Promise<void> {
    while (this.#options.isOpen()) {
      try {
        return await this.#options.submit(key, value);
      } catch (error) {
        if (!(error instanceof ResultsFullError)) throw error;
      }
    }
  }

  async #leave(iterator: RecordIterator): Promise<void> {
    if (this.#open.delete(iterator)) await iterator.return?.();
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value === null ? "null" : typeof value;
}

/**
 * Checks what is to be iterated for records.
 *
 * @throws {TypeError} when it cannot be iterated.
 */
export function checkedRecords<In>(records: KeyedRecords<In>, doing: string): KeyedRecords<In> {
  const given: unknown = records;
  if (typeof given === "object" && given !== null) {
    if (Symbol.asyncIterator in given || Symbol.iterator in given) return records;
  }
  throw new TypeError(
    `Cannot ${doing}: expected an iterable or async iterable of [key, value] pairs, received ` +
      describe(given),
  );
}

/**
 * Checks a record of a source.
 *
 * @throws {TypeError} when it is no pair.
 */
export function checkedPair<In>(pair: unknown, doing: string): [string, In] {
  if (Array.isArray(pair) && pair.length === 2) return [pair[0], pair[1]];
  throw new TypeError(
    `Cannot ${doing}: each record must be a pair [key, value], received ${describe(pair)}`,
  );
}
