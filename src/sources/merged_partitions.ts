import { RecordBatch } from "../batch/record_batch.ts";
import type { Source, SourceAlignment, SourceBatch, SourceOptions } from "../stream/source.ts";

/** Rows that may wait, those of all partitions together. */
const MOST_WAITING = 1_000_000;

/** Rows of a batch that have not been given yet. */
interface Waiting {
  readonly batch: RecordBatch;
  readonly times: Float64Array;
  at: number;
}

/** Rows of one partition, in their order. */
class Lane {
  readonly #batches: Waiting[] = [];
  #rows = 0;
  isOpen = true;

  get rows(): number {
    return this.#rows;
  }

  get head(): Waiting | undefined {
    return this.#batches[0];
  }

  push(batch: RecordBatch, times: Float64Array): void {
    if (batch.length === 0) return;
    this.#batches.push({ batch, times, at: 0 });
    this.#rows += batch.length;
  }

  /** Its head has given rows up to this one. */
  pass(to: number): void {
    const [head] = this.#batches;
    this.#rows -= to - head.at;
    head.at = to;
    if (to === head.batch.length) this.#batches.shift();
  }
}

/** How partitions are merged. */
export interface MergeOptions {
  /** What the source is opened with. */
  readonly opened: SourceOptions;
  /** The event times of a batch, ms; the rows that came before it are given for messages. */
  readonly timesOf: (batch: RecordBatch, before: number) => Float64Array;
}

/**
 * The rows of all partitions of a source as one: the next is always that of the partition whose next
 * row is the oldest, so that rows of a partition stay in their order. One that gives nothing holds the
 * others back, until each of these has as many rows that wait for it as it may.
 */
export async function* mergedPartitions(
  source: Source,
  { opened, timesOf }: MergeOptions,
): AsyncGenerator<SourceBatch> {
  const merge = new Merge(source.partitions ?? 1);
  let rows = 0;
  for await (const part of source.open({ ...opened, alignment: merge.alignment })) {
    const { batch, partition = 0, partitions, ended = false, ...rest } = part;
    if (partitions !== undefined) merge.grow(partitions);
    if (batch) merge.push(partition, batch, timesOf(batch, rows));
    rows += batch?.length ?? 0;
    if (ended) merge.end(partition);
    yield* merge.take();
    const { skipped, deadLettered, progress } = rest;
    if (skipped || deadLettered || progress) yield rest;
  }
  merge.endAll();
  yield* merge.take();
}

class Merge {
  readonly #lanes: Lane[] = [];
  #change = Promise.withResolvers<void>();
  readonly alignment: SourceAlignment = {
    isAhead: (partition) => this.#isAhead(partition),
    changed: () => this.#change.promise,
  };

  constructor(partitions: number) {
    this.grow(partitions);
  }

  grow(partitions: number): void {
    while (this.#lanes.length < partitions) this.#lanes.push(new Lane());
  }

  push(partition: number, batch: RecordBatch, times: Float64Array): void {
    this.grow(partition + 1);
    this.#lanes[partition].push(batch, times);
  }

  end(partition: number): void {
    this.grow(partition + 1);
    this.#lanes[partition].isOpen = false;
    this.#tell();
  }

  endAll(): void {
    for (const lane of this.#lanes) lane.isOpen = false;
  }

  /** What can be given: as long as it is known which row is the next one. */
  *take(): Generator<SourceBatch> {
    for (;;) {
      const lanes = this.#lanes.filter(({ head }) => head !== undefined);
      if (lanes.length === 0 || this.#waits()) return;
      const batch = merged(lanes);
      this.#tell();
      yield { batch };
    }
  }

  /** Whether a row may still come that is the next one, and there is room to wait for it. */
  #waits(): boolean {
    const isAwaited = this.#lanes.some(({ head, isOpen }) => head === undefined && isOpen);
    return isAwaited &&
      this.#lanes.some(({ head, rows }) => head !== undefined && !this.#isFull(rows));
  }

  #isFull(rows: number): boolean {
    return rows * this.#lanes.length > MOST_WAITING;
  }

  #isAhead(partition: number): boolean {
    return this.#isFull(this.#lanes[partition]?.rows ?? 0) && this.#waits();
  }

  #tell(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

/** The rows in front of some lanes, up to where one of their batches ends. */
function merged(lanes: readonly Lane[]): RecordBatch {
  if (lanes.length === 1) {
    const { batch, at } = lanes[0].head!;
    lanes[0].pass(batch.length);
    return at === 0 ? batch : batch.slice(at);
  }
  const heads = lanes.map(({ head }) => head!);
  const ends = heads.map(({ at }) => at);
  const order: number[] = []; // each row as lane and place in its head
  for (;;) {
    const next = oldest(heads, ends);
    order.push(next);
    if (++ends[next] === heads[next].batch.length) break;
  }
  const parts = heads.map(({ batch, at }, lane) => batch.slice(at, ends[lane]));
  const starts = parts.map((_, lane) =>
    parts.slice(0, lane).reduce((sum, { length }) => sum + length, 0)
  );
  const indices = Uint32Array.from(order, (lane) => starts[lane]++);
  ends.forEach((end, lane) => lanes[lane].pass(end));
  return RecordBatch.concat(parts).take(indices);
}

/** The head whose next row is the oldest; of equal ones the first. */
function oldest(heads: readonly Waiting[], ends: readonly number[]): number {
  let found = 0;
  for (let at = 1; at < heads.length; at++) {
    if (heads[at].times[ends[at]] < heads[found].times[ends[found]]) found = at;
  }
  return found;
}
