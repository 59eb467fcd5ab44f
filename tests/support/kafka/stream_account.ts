import { decodePlainBatches } from "../../../src/kafka/records/reference_records.ts";
import type { SimulatedKafka } from "../../../src/testing/kafka/simulated_kafka.ts";

const decoder = new TextDecoder();
const ALL = { from: 0, isolation: "read_uncommitted", aborted: [] } as const;

/** How long windows are, ms. */
export const WINDOW_MS = 2000;

/** A row: the how manieth of its lane it is, and when it was made. */
export interface LaneRow {
  readonly lane: number;
  readonly n: number;
  readonly at: number;
}

/** How many rows of a lane there are in a window. */
interface LaneCount {
  readonly windowStart: number;
  readonly lane: number;
  readonly n: number;
}

/** What watches over what comes of rows. */
export interface Account {
  readonly wrong: string[];
  /** What came more than once. */
  readonly doubles: number;
  /** Looks whether what is committed has had its effect. */
  look(): void;
  /** Whether all that must come of what was written has come. */
  readonly isDone: boolean;
  /** Looks whether what has come is what had to. */
  judge(written: readonly number[]): void;
}

function nameOf({ lane, n }: { lane: number; n: number }): string {
  return `${lane}/${n}`;
}

/** The rows of a partition, each batch decoded once. */
class PartitionRows<Row> {
  readonly rows: Row[] = [];
  readonly #kafka: SimulatedKafka;
  readonly #at: { readonly topic: string; readonly partition: number };
  #batches = 0;

  constructor(kafka: SimulatedKafka, topic: string, partition: number) {
    this.#kafka = kafka;
    this.#at = { topic, partition };
  }

  /** Reads on; the rows that are new. */
  read(): Row[] {
    const batches = this.#kafka.batches(this.#at).slice(this.#batches);
    this.#batches += batches.length;
    const rows = decodePlainBatches(batches, ALL)
      .map(({ value }): Row => JSON.parse(decoder.decode(value!)));
    this.rows.push(...rows);
    return rows;
  }
}

function partitionsOf<Row>(kafka: SimulatedKafka, topic: string): PartitionRows<Row>[] {
  return Array.from(
    { length: kafka.partitions(topic) },
    (_, partition) => new PartitionRows<Row>(kafka, topic, partition),
  );
}

/** What was written to `in`, what came of it in `out` row by row, and what is committed. */
export class RowAccount implements Account {
  readonly wrong: string[] = [];
  doubles = 0;
  readonly #kafka: SimulatedKafka;
  readonly #in: readonly PartitionRows<LaneRow>[];
  readonly #out: readonly PartitionRows<LaneRow>[];
  readonly #done = new Set<string>();

  constructor(kafka: SimulatedKafka) {
    this.#kafka = kafka;
    this.#in = partitionsOf(kafka, "in");
    this.#out = partitionsOf(kafka, "out");
  }

  get isDone(): boolean {
    const committed = new Map(
      this.#kafka.group("g").offsets.map(({ partition, offset }) => [partition, offset]),
    );
    return this.#in.every((_, partition) =>
      (committed.get(partition) ?? 0) === this.#kafka.endOffset({ topic: "in", partition })
    );
  }

  look(): void {
    this.#readAll();
    for (const { partition, offset } of this.#kafka.group("g").offsets) {
      const rows = this.#in[partition].rows.slice(0, offset);
      const early = rows.find((row) => !this.#done.has(nameOf(row)));
      if (early) this.wrong.push(`${partition}@${offset} is committed before ${nameOf(early)}`);
    }
  }

  /** All is in `in` once and in order, and in `out` in order but for repeats. */
  judge(written: readonly number[]): void {
    this.look();
    const repeats = this.#judge("in", this.#in, written);
    if (repeats > 0) this.wrong.push(`in has ${repeats} repeats`);
    this.doubles = this.#judge("out", this.#out, written);
  }

  #readAll(): void {
    for (const each of this.#in) each.read();
    for (const each of this.#out) for (const row of each.read()) this.#done.add(nameOf(row));
  }

  /** How many rows are repeats. */
  #judge(
    topic: string,
    all: readonly PartitionRows<LaneRow>[],
    written: readonly number[],
  ): number {
    const next = written.map(() => 0);
    let repeats = 0;
    for (const { lane, n } of all.flatMap(({ rows }) => rows)) {
      if (n === next[lane]) next[lane]++;
      else if (n < next[lane]) repeats++;
      else this.wrong.push(`${topic} has ${lane}/${n} where ${next[lane]} should come`);
    }
    written.forEach((count, lane) => {
      if (next[lane] === count) return;
      this.wrong.push(`${topic} has ${next[lane]} of ${count} rows of lane ${lane}`);
    });
    return repeats;
  }
}

/** The same, where rows are counted in windows. */
export class WindowAccount implements Account {
  readonly wrong: string[] = [];
  doubles = 0;
  readonly #kafka: SimulatedKafka;
  readonly #in: readonly PartitionRows<LaneRow>[];
  readonly #out: readonly PartitionRows<LaneCount>[];
  /** How many rows each window has, by its name. */
  readonly #whole = new Map<string, number>();
  /** The counts that have come, by the name of the window. */
  readonly #come = new Map<string, Set<number>>();

  constructor(kafka: SimulatedKafka) {
    this.#kafka = kafka;
    this.#in = partitionsOf(kafka, "in");
    this.#out = partitionsOf(kafka, "out");
  }

  get isDone(): boolean {
    this.#readAll();
    return this.#closed().every((name) => this.#isWhole(name));
  }

  look(): void {
    this.#readAll();
    for (const { partition, offset } of this.#kafka.group("g").offsets) {
      const names = new Set(this.#in[partition].rows.slice(0, offset).map(windowOf));
      const early = names.values().find((name) => !this.#isWhole(name));
      if (early) this.wrong.push(`${partition}@${offset} is committed before window ${early}`);
    }
  }

  judge(): void {
    this.look();
    for (const name of this.#closed()) {
      if (this.#isWhole(name)) continue;
      const come = [...this.#come.get(name) ?? []];
      this.wrong.push(`window ${name} has ${this.#whole.get(name)} rows, and ${come} were told`);
    }
    for (const [name, come] of this.#come) {
      const whole = this.#whole.get(name) ?? 0;
      if (come.values().some((n) => n > whole)) {
        this.wrong.push(`window ${name} has ${whole} rows, and more were told`);
      }
    }
  }

  #isWhole(name: string): boolean {
    return this.#come.get(name)?.has(this.#whole.get(name)!) ?? false;
  }

  /** Windows that end before the last row of each partition: who reads it all has closed them. */
  #closed(): string[] {
    const until = Math.min(...this.#in.map(({ rows }) => rows.at(-1)?.at ?? -Infinity));
    return [...this.#whole.keys()].filter((name) =>
      Number(name.split(" ")[0]) + WINDOW_MS <= until
    );
  }

  #readAll(): void {
    for (const row of this.#in.flatMap((each) => each.read())) {
      this.#whole.set(windowOf(row), (this.#whole.get(windowOf(row)) ?? 0) + 1);
    }
    for (const { windowStart, lane, n } of this.#out.flatMap((each) => each.read())) {
      const come = this.#come.getOrInsertComputed(`${windowStart} ${lane}`, () => new Set());
      if (come.has(n)) this.doubles++;
      come.add(n);
    }
  }
}

function windowOf({ lane, at }: LaneRow): string {
  return `${Math.floor(at / WINDOW_MS) * WINDOW_MS} ${lane}`;
}
