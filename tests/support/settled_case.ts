/**
 * A topic that is read, windowed and published by processes that die at random moments and begin
 * anew where the last one had settled.
 *
 * @module
 */
import type { PipelineOptions } from "../../mod.ts";
import { RecordBatch } from "../../src/batch/mod.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import type { Publisher } from "../../src/stream/publisher.ts";
import type { RunnablePipeline } from "../../src/stream/runnable_pipeline.ts";
import type { Source, SourceBatch, SourceOptions } from "../../src/stream/source.ts";
import type { Random } from "./random.ts";
import { breakBees } from "./simulated_case.ts";
import { COLUMNS, lineOf, type WindowedRow } from "./windowed_case.ts";

/** How far apart the positions of rows are: nobody may count with them. */
const OFFSET = 7;

/** Where each partition is read on, as numbers of its rows. */
export type Positions = readonly number[];

/** Some rows by their partitions, each in order. */
function byPartition(
  rows: readonly WindowedRow[],
  partitions: number,
): readonly (readonly WindowedRow[])[] {
  return Array.from(
    { length: partitions },
    (_, partition) => rows.filter((row) => row.partition === partition),
  );
}

/** The rows that are behind some positions, in their order. */
export function rowsBehind(rows: readonly WindowedRow[], from: Positions): WindowedRow[] {
  const at = from.map(() => 0);
  return rows.filter(({ partition }) => at[partition]++ >= from[partition]);
}

/** Up to where windows are delivered, by partitions; and which windows, in words. */
export interface Delivered {
  readonly windows: string | undefined;
  readonly until: readonly (number | undefined)[];
}

/** What a life of a process is made with. */
export interface LifeOptions {
  readonly rows: readonly WindowedRow[];
  /** Where it begins to read. */
  readonly from: Positions;
  /** What was noted with that; absent: nothing is, by anybody. */
  readonly delivered: Delivered | undefined;
  readonly random: Random;
  readonly seed: number;
  /** Rows that come at a time, at most. */
  readonly most: number;
  readonly options: PipelineOptions;
  readonly pipeline: (source: Source, options: PipelineOptions) => RunnablePipeline<object>;
  /** Whether bees are lost. */
  readonly faults: boolean;
  /** Whether results are iterated over, and count when the next is asked for. */
  readonly iterates: boolean;
  /** Whether partitions come and go. */
  readonly rebalances: boolean;
  /** Whether it dies. */
  readonly dies: boolean;
  /** Told when more is settled, with what is published for good by then. */
  readonly settled: (positions: Positions, lines: readonly string[]) => void;
}

/** What is left of a process. */
export interface Life {
  /** Results that are there for good. */
  readonly lines: readonly string[];
  /** Where the next one begins to read. */
  readonly from: Positions;
  readonly delivered: Delivered | undefined;
  /** Which windows are known again. */
  readonly windows: string | undefined;
  readonly hasDied: boolean;
  /** How often it began anew. */
  readonly restarts: number;
}

/** The topic as one process reads it. */
class TopicSource implements Source {
  readonly name = "a topic";
  readonly partitions: number;
  readonly schema = COLUMNS as never;
  readonly #rows: readonly (readonly WindowedRow[])[];
  readonly #life: LifeOptions;
  readonly #committed: number[];
  readonly #settled: () => void | Promise<void>;
  /** Partitions of the topic, by their numbers here. */
  #assigned: number[];
  /** Of each partition of the topic: the row that is read next. */
  readonly #next: number[];
  /** Of each partition of the topic: up to where windows are delivered. */
  readonly until: (number | undefined)[];
  windows: string | undefined;

  constructor(life: LifeOptions, committed: number[], settled: () => void | Promise<void>) {
    this.#life = life;
    this.until = [...life.delivered?.until ?? committed.map(() => undefined)];
    this.#committed = committed;
    this.#settled = settled;
    this.partitions = committed.length;
    this.#assigned = [...committed.keys()];
    this.#next = [...committed];
    this.#rows = byPartition(life.rows, this.partitions);
  }

  async *open({ settlement, runtime }: SourceOptions): AsyncGenerator<SourceBatch> {
    const { random, rebalances } = this.#life;
    settlement!.onSettled((positions, delivered) => this.#commit(positions, delivered));
    this.windows = settlement!.windows;
    if (this.#life.delivered?.windows !== this.windows) this.until.fill(undefined);
    yield* this.#begin();
    let left = rebalances ? random.below(4) : 0;
    while (true) {
      if (random.chance(0.2)) await pause(runtime, random.next() * 2);
      const readable = this.#readable;
      const isRest = readable.length === 0 && this.#assigned.length < this.partitions;
      if (isRest || left > 0 && random.chance(0.1)) {
        left--;
        yield* this.#rebalance(isRest);
      } else if (readable.length > 0) yield this.#read(random.pick(readable));
      else return;
    }
  }

  get #readable(): number[] {
    return [...this.#assigned.keys()].filter((each) => {
      const partition = this.#assigned[each];
      return this.#next[partition] < this.#rows[partition].length;
    });
  }

  *#begin(): Generator<SourceBatch> {
    if (!this.#life.delivered || !this.windows) return;
    for (const [partition, each] of this.#assigned.entries()) {
      const delivered = this.until[each];
      if (delivered !== undefined) yield { partition, delivered };
    }
  }

  *#rebalance(all: boolean): Generator<SourceBatch> {
    const { random } = this.#life;
    const partitions = random.shuffle([...this.#committed.keys()]);
    const assigned = all ? partitions : partitions.slice(0, 1 + random.below(partitions.length));
    yield { restart: true, partitions: assigned.length };
    this.#assigned = assigned;
    for (const partition of assigned) this.#next[partition] = this.#committed[partition];
    yield* this.#begin();
  }

  #read(number: number): SourceBatch {
    const { random, most } = this.#life;
    const partition = this.#assigned[number];
    const start = this.#next[partition];
    const end = random.chance(0.1) ? start : start + 1 + random.below(most);
    const rows = this.#rows[partition].slice(start, end);
    this.#next[partition] = start + rows.length;
    const place = { partition: number, position: this.#next[partition] * OFFSET };
    if (rows.length === 0) return place;
    const given: unknown = rows.map(({ partition: _, ...row }) => row);
    const batch: unknown = RecordBatch.fromRows(given as [], { schema: COLUMNS as never });
    const isLast = this.#next[partition] === this.#rows[partition].length;
    if (!isLast && random.chance(0.2)) return { batch: batch as RecordBatch, partition: number };
    return { batch: batch as RecordBatch, ...place };
  }

  #commit(
    positions: ReadonlyMap<number, number>,
    delivered: number | undefined,
  ): void | Promise<void> {
    if (delivered !== undefined) {
      for (const each of this.#assigned) {
        this.until[each] = delivered;
      }
    }
    for (const [number, position] of positions) {
      const [partition, row] = [this.#assigned[number], position / OFFSET];
      if (!(row >= this.#committed[partition] && row <= this.#next[partition])) {
        throw new Error(`told ${row} of partition ${partition}, which is read up to another row`);
      }
      this.#committed[partition] = row;
    }
    return this.#settled();
  }
}

function pause(runtime: { after(ms: number, done: () => void): void }, ms: number): Promise<void> {
  return new Promise((resolve) => runtime.after(ms, resolve));
}

/** Lets a process live until the end of the topic, or its death. */
export async function live(life: LifeOptions): Promise<Life> {
  const { random, seed, from, dies, iterates, faults } = life;
  const runtime = new SimulatedRuntime({ seed });
  const committed = [...from];
  const lines: string[] = [];
  const death = new AbortController();
  let hasDied = false;
  let lasting = from;
  let delivered = life.delivered;
  const die = () => {
    hasDied = true;
    death.abort(new Error("it died"));
  };
  let settledUntilDeath = dies && random.chance(0.5) ? 1 + random.below(4) : Infinity;
  const source = new TopicSource(life, committed, async () => {
    if (hasDied) return;
    if (--settledUntilDeath === 0) runtime.after(random.next() * random.pick([0, 2]), die);
    life.settled(lasting = [...committed], lines);
    if (delivered) delivered = { windows: source.windows, until: [...source.until] };
    if (random.chance(0.3)) await pause(runtime, random.next());
  });
  const pipeline = life.pipeline(source, { ...life.options, runtime });
  const publisher = new SlowPublisher(runtime, random, (line) => hasDied || lines.push(line));
  await runtime.drive(async () => {
    if (faults) breakBees(runtime, random);
    if (dies) {
      runtime.after(random.next() * random.pick([1, 5, 30]), die);
    }
    try {
      if (!iterates) await pipeline.to(publisher).run({ signal: death.signal });
      else {
        for await (const batch of pipeline.batches({ signal: death.signal })) {
          if (random.chance(0.3)) await pause(runtime, random.next());
          for (const row of batch) if (!hasDied) lines.push(lineOf(row as never));
        }
      }
    } catch (error) {
      if (!hasDied) throw error;
    }
  });
  const { windows } = source;
  return {
    lines,
    from: lasting,
    delivered,
    windows,
    hasDied,
    restarts: pipeline.metrics().restarts,
  };
}

/** Takes its time, and has for good only what was flushed. */
class SlowPublisher implements Publisher {
  readonly #runtime: SimulatedRuntime;
  readonly #random: Random;
  readonly #keep: (line: string) => void;
  #waiting: string[] = [];
  #isBusy = false;

  constructor(runtime: SimulatedRuntime, random: Random, keep: (line: string) => void) {
    this.#runtime = runtime;
    this.#random = random;
    this.#keep = keep;
  }

  async publish(batch: RecordBatch) {
    await this.#work();
    for (const row of batch) this.#waiting.push(lineOf(row as never));
    return { records: batch.length };
  }

  async flush() {
    await this.#work();
    for (const line of this.#waiting.splice(0)) this.#keep(line);
  }

  /** Whoever asks for two things at once would be told. */
  async #work(): Promise<void> {
    if (this.#isBusy) throw new Error("asked for two things at a time");
    this.#isBusy = true;
    if (this.#random.chance(0.5)) await pause(this.#runtime, this.#random.next());
    this.#isBusy = false;
  }

  async [Symbol.asyncDispose]() {}
}
