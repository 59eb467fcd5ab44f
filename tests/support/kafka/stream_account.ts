import { decodePlainBatches } from "../../../src/kafka/records/reference_records.ts";
import type { SimulatedKafka } from "../../../src/testing/kafka/simulated_kafka.ts";

const decoder = new TextDecoder();
const ALL = { from: 0, isolation: "read_uncommitted", aborted: [] } as const;

/** A row: the how manieth of its lane it is. */
export interface LaneRow {
  readonly lane: number;
  readonly n: number;
}

function nameOf({ lane, n }: LaneRow): string {
  return `${lane}/${n}`;
}

/** The rows of a partition, each batch decoded once. */
class PartitionRows {
  readonly rows: LaneRow[] = [];
  readonly #kafka: SimulatedKafka;
  readonly #at: { readonly topic: string; readonly partition: number };
  #batches = 0;

  constructor(kafka: SimulatedKafka, topic: string, partition: number) {
    this.#kafka = kafka;
    this.#at = { topic, partition };
  }

  /** Reads on; the rows that are new. */
  read(): LaneRow[] {
    const batches = this.#kafka.batches(this.#at).slice(this.#batches);
    this.#batches += batches.length;
    const rows = decodePlainBatches(batches, ALL)
      .map(({ value }): LaneRow => JSON.parse(decoder.decode(value!)));
    this.rows.push(...rows);
    return rows;
  }
}

/** What was written to `in`, what came of it in `out`, and what is committed. */
export class StreamAccount {
  readonly wrong: string[] = [];
  /** Rows of `out` that came more than once. */
  doubles = 0;
  readonly #kafka: SimulatedKafka;
  readonly #in: readonly PartitionRows[];
  readonly #out: readonly PartitionRows[];
  readonly #done = new Set<string>();

  constructor(kafka: SimulatedKafka) {
    this.#kafka = kafka;
    const partitionsOf = (topic: string) =>
      Array.from(
        { length: kafka.partitions(topic) },
        (_, partition) => new PartitionRows(kafka, topic, partition),
      );
    this.#in = partitionsOf("in");
    this.#out = partitionsOf("out");
  }

  /** What is committed must have had its effect. */
  look(): void {
    this.#readAll();
    for (const { partition, offset } of this.#kafka.group("g").offsets) {
      const rows = this.#in[partition].rows.slice(0, offset);
      const early = rows.find((row) => !this.#done.has(nameOf(row)));
      if (early) this.wrong.push(`${partition}@${offset} is committed before ${nameOf(early)}`);
    }
  }

  /** What was written is in `in` once and in order, and in `out` in order but for repeats. */
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
  #judge(topic: string, all: readonly PartitionRows[], written: readonly number[]): number {
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
