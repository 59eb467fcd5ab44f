import { jointAlignment } from "../alignment.ts";
import { batchesOf } from "../open_source.ts";
import { STAGE, type Stage, stageOf } from "../stage.ts";
import { JointSettlement } from "../settlement/settlements.ts";
import type { Source, SourceBatch, SourceOptions } from "../source.ts";

/** Batches by which the fastest reader may be ahead of the slowest. */
const MAX_AHEAD = 8;

/** A shared source as one of its readers sees it. */
export interface SourceView extends Source {
  /** The reader wants nothing more, whether it has opened the source or not. */
  leave(): void;
}

/**
 * A source that several readers share: it is opened once, and each reader gets every batch. A batch
 * is kept until all have it, so that the slowest holds up the others when it is some batches behind.
 */
export class SharedSource {
  readonly #source: Source;
  readonly #readers = new Set<Reader>();
  readonly #closing = new AbortController();
  readonly #kept: SourceBatch[] = [];
  readonly #count: number;
  readonly #unread: (() => void) | undefined;
  #views = 0;
  /** By each reader that has opened it: before all have, it is not known what is asked for. */
  readonly #opened: SourceOptions[] = [];
  /** Number of the first batch that is kept. */
  #first = 0;
  #batches: AsyncIterator<SourceBatch> | undefined;
  #reading = false;
  #settlement: JointSettlement | undefined;
  /** Whether the last that was read says that the source begins anew. */
  #isRestarting = false;
  #end: { readonly error?: unknown } | undefined;
  #closed: Promise<void> | undefined;

  /**
   * A source for so many readers.
   *
   * @param unread Told when all have left before the source was opened.
   */
  constructor(source: Source, readers: number, unread?: () => void) {
    this.#source = stageOf(source)?.fresh() ?? source;
    this.#count = readers;
    this.#unread = unread;
  }

  /** The source as one of the readers sees it, to be opened once. */
  view(): SourceView {
    const { name, schema, partitions, tellsPartitions, aligns = false, recordBytes } = this.#source;
    // One reader's bees may decode; of several each would have to.
    const blocks = this.#count === 1 && recordBytes !== undefined ? { recordBytes } : {};
    const reader: Reader = { next: 0, opened: false, isOpen: true };
    this.#readers.add(reader);
    this.#views++;
    const stage = stageOf(this.#source);
    const shared = stage && { ...stage, fresh: () => source, drain: () => this.end() };
    const source: SourceView & { [STAGE]?: Stage } = {
      ...(shared && { [STAGE]: shared }),
      name,
      ...(schema && { schema }),
      ...(partitions !== undefined && { partitions }),
      ...(tellsPartitions && { tellsPartitions }),
      aligns,
      ...blocks,
      open: (options) => this.#open(reader, options),
      leave: () => this.#leave(reader),
    };
    return source;
  }

  /** Nothing more is read: the source has ended for all readers behind what they are due. */
  end(): void {
    const stage = stageOf(this.#source);
    if (stage) return stage.drain();
    this.#end ??= {};
    this.#close();
    this.#wakeAll();
  }

  #open(reader: Reader, options: SourceOptions): AsyncIterable<SourceBatch> {
    const leave = () => this.#leave(reader);
    this.#opened.push(options);
    reader.opened = true;
    options.signal.addEventListener("abort", leave, { once: true });
    if (options.signal.aborted) leave();
    const iterator: AsyncIterator<SourceBatch> = {
      next: () => this.#read(reader),
      return: async () => {
        leave();
        await this.#closed;
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  async #read(reader: Reader): Promise<IteratorResult<SourceBatch>> {
    while (reader.isOpen) {
      const batch = this.#kept[reader.next - this.#first];
      if (batch) {
        reader.next++;
        this.#forget();
        return { done: false, value: batch };
      }
      if (this.#end) return ended(this.#end);
      const woken = new Promise<void>((resolve) => reader.wake = resolve);
      this.#readOn();
      await woken;
    }
    return { done: true, value: undefined };
  }

  /** Reads one more batch if somebody waits for it, and nobody is too far behind. */
  #readOn(): void {
    const end = this.#first + this.#kept.length;
    const isWanted = this.#readers.values().some(({ wake, next }) => wake && next === end);
    if (!isWanted || this.#reading || this.#end) return;
    if (this.#views < this.#count || this.#readers.values().some(({ opened }) => !opened)) return;
    if (this.#kept.length >= MAX_AHEAD || this.#restarts(end)) return;
    this.#reading = true;
    this.#batches ??= this.#begin();
    this.#batches.next().then(({ done, value }) => {
      if (done) this.#end ??= {};
      else {
        this.#kept.push(value);
        this.#isRestarting = value?.restart === true;
      }
    }, (error) => {
      this.#end ??= { error };
    }).finally(() => {
      this.#reading = false;
      this.#wakeAll();
    });
  }

  /** Whether some reader has to make an end of what came before the source began anew. */
  #restarts(end: number): boolean {
    if (!this.#isRestarting) return false;
    if (this.#readers.values().some(({ wake, next }) => !wake || next < end)) return true;
    this.#settlement?.restart();
    return this.#isRestarting = false;
  }

  #begin(): AsyncIterator<SourceBatch> {
    const [{ runtime, badRecords, deadLetter, blockBytes }] = this.#opened;
    const wholeRecords = this.#opened.some((each) => each.wholeRecords);
    const columns = unionOf(this.#opened.map(({ columns }) => columns));
    const { signal } = this.#closing;
    const settlements = this.#opened.flatMap(({ settlement }) => settlement ? [settlement] : []);
    const settlement = settlements.length === this.#count
      ? this.#settlement = new JointSettlement(settlements)
      : undefined;
    const alignment = jointAlignment(
      this.#opened.flatMap(({ alignment }) => alignment ? [alignment] : []),
    );
    try {
      return batchesOf(this.#source, {
        runtime,
        badRecords,
        deadLetter,
        signal,
        ...(columns && { columns }),
        ...(wholeRecords && { wholeRecords }),
        ...(blockBytes !== undefined && { blockBytes }),
        ...(alignment && { alignment }),
        ...(settlement && { settlement }),
      });
    } catch (error) {
      return { next: () => Promise.reject(error) };
    }
  }

  #wakeAll(): void {
    for (const reader of this.#readers) {
      reader.wake?.();
      delete reader.wake;
    }
  }

  /** Lets go of what all readers have. */
  #forget(): void {
    const least = Math.min(...this.#readers.values().map(({ next }) => next));
    const gone = Math.min(this.#kept.length, least - this.#first);
    if (gone <= 0) return;
    this.#kept.splice(0, gone);
    this.#first += gone;
    this.#readOn();
  }

  #leave(reader: Reader): void {
    if (!reader.isOpen) return;
    reader.isOpen = false;
    this.#readers.delete(reader);
    reader.wake?.();
    if (this.#readers.size === 0 && this.#views === this.#count) this.#close();
    this.#forget();
    this.#readOn();
  }

  #close(): void {
    if (this.#closed) return;
    if (!this.#batches) this.#unread?.();
    this.#closing.abort();
    this.#closed = Promise.resolve(this.#batches?.return?.()).then(() => {});
    this.#closed.catch(() => {});
  }
}

/** Who reads. */
interface Reader {
  /** Number of the batch that it gets next. */
  next: number;
  /** Whether it has said what it asks for. */
  opened: boolean;
  /** Whether it wants more. */
  isOpen: boolean;
  /** Ends its wait. */
  wake?: () => void;
}

function ended(end: { readonly error?: unknown }): IteratorResult<SourceBatch> {
  if ("error" in end) throw end.error;
  return { done: true, value: undefined };
}

/** All columns that somebody asks for; `undefined`: somebody asks for all there are. */
function unionOf(
  asked: readonly (ReadonlySet<string> | undefined)[],
): ReadonlySet<string> | undefined {
  const sets = asked.filter((columns) => columns !== undefined);
  if (sets.length < asked.length) return undefined;
  return new Set(sets.flatMap((columns) => [...columns]));
}
