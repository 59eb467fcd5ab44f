import { batchesOf } from "../open_source.ts";
import type {
  BlockFormat,
  BlockMemory,
  Source,
  SourceAlignment,
  SourceBatch,
  SourceOptions,
} from "../source.ts";
import { STAGE, type Stage, stageOf } from "../stage.ts";
import type { SettledListener } from "./settling.ts";

/** A source that is opened once and read by one run after the other, each up to a restart. */
export class ReopenedSource implements Source {
  readonly name: string;
  readonly schema?: NonNullable<Source["schema"]>;
  readonly tellsPartitions?: boolean;
  readonly aligns?: boolean;
  readonly recordBytes?: number;
  readonly [STAGE]?: Stage;
  readonly #source: Source;
  /** Of the run that reads now. */
  #options: SourceOptions | undefined;
  #batches: AsyncIterator<SourceBatch> | undefined;
  readonly #listeners: SettledListener[] = [];
  readonly #finishers: (() => void | Promise<void>)[] = [];
  #partitions: number | undefined;
  /** What all blocks are made of, which each run is to be told. */
  #format: BlockFormat | undefined;
  readonly #closing = new AbortController();
  #reopened = Promise.withResolvers<void>();

  /** A source that was not opened. */
  constructor(given: Source) {
    const source = this.#source = stageOf(given)?.fresh() ?? given;
    const { name, schema, partitions, tellsPartitions, aligns, recordBytes } = source;
    this.name = name;
    this.#partitions = partitions;
    if (schema) this.schema = schema;
    if (tellsPartitions !== undefined) this.tellsPartitions = tellsPartitions;
    if (aligns !== undefined) this.aligns = aligns;
    if (recordBytes !== undefined) this.recordBytes = recordBytes;
    const stage = stageOf(source);
    if (stage) this[STAGE] = { ...stage, fresh: () => this };
  }

  get partitions(): number {
    return this.#partitions ?? 1;
  }

  /** Goes on to be read, by one run at a time. */
  open(options: SourceOptions): AsyncIterable<SourceBatch> {
    const format = this.#batches && this.#format;
    const { signal } = options;
    const close = () => this.#closing.abort(signal.reason);
    this.#options = options;
    if (signal.aborted) close();
    else signal.addEventListener("abort", close, { once: true });
    for (const listener of this.#listeners) options.settlement?.onSettled(listener);
    for (const listener of this.#finishers) options.settlement?.onFinished(listener);
    this.#batches ??= batchesOf(this.#source, this.#optionsOf(options));
    this.#reopened.resolve();
    this.#reopened = Promise.withResolvers();
    const iterator = this.#reading(this.#batches, format);
    return { [Symbol.asyncIterator]: () => iterator };
  }

  #reading(
    batches: AsyncIterator<SourceBatch>,
    format: BlockFormat | undefined,
  ): AsyncIterator<SourceBatch> {
    let told = format;
    return {
      next: async () => {
        if (told) {
          const value = { format: told };
          told = undefined;
          return { done: false, value };
        }
        return this.#seen(await batches.next());
      },
      return: async () => await batches.return?.() ?? { done: true, value: undefined },
    };
  }

  #seen(result: IteratorResult<SourceBatch>): IteratorResult<SourceBatch> {
    if (result.done) return result;
    const { format, restart, partitions } = Object(result.value) as SourceBatch;
    this.#format = format ?? this.#format;
    if (restart) this.#partitions = partitions ?? this.#source.partitions;
    return result;
  }

  /** What the source is opened with: whatever the run that reads now was. */
  #optionsOf(first: SourceOptions): SourceOptions {
    const now = () => this.#options!;
    const { settlement, blockMemory, alignment } = first;
    const memory: BlockMemory = {
      take: () => now().blockMemory?.take(),
      release: (bytes) => now().blockMemory?.release(bytes),
    };
    const aligned: SourceAlignment = {
      isAhead: (partition) => now().alignment?.isAhead(partition) ?? false,
      changed: () => Promise.race([this.#reopened.promise, now().alignment!.changed()]),
    };
    return {
      ...first,
      signal: this.#closing.signal,
      deadLetter: (bad) => now().deadLetter(bad),
      ...(blockMemory && { blockMemory: memory }),
      ...(alignment && { alignment: aligned }),
      ...(settlement && {
        settlement: {
          keepsRows: settlement.keepsRows,
          windows: settlement.windows,
          onSettled: (listener) => {
            this.#listeners.push(listener);
            now().settlement?.onSettled(listener);
          },
          onFinished: (listener) => {
            this.#finishers.push(listener);
            now().settlement?.onFinished(listener);
          },
        },
      }),
    };
  }
}
