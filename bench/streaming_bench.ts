import {
  csv,
  JsonEncoder,
  type Publisher,
  type RecordBatch,
  StreamingGenerator,
  SyntheticGenerator,
} from "../mod.ts";
import { BIRD_COLUMNS } from "./support/bird_columns.ts";
import { fakerCell, fakerObjects } from "./support/faker_rows.ts";
import { type BenchGroup, type BenchRow, compare, row } from "./support/bench.ts";

const BIRDS = new URL("../examples/data/birdstrikes.csv", import.meta.url);
const ROWS = 50 * 4096;
const SECONDS = 10;

/** Encodes records as JSON lines, and lets go of them. */
class NullPublisher implements Publisher {
  readonly #encoder = new JsonEncoder({ lines: true });
  bytes = 0;
  records = 0;

  publish(batch: RecordBatch) {
    this.bytes += this.#encoder.encode(batch).length;
    this.records += batch.length;
    return Promise.resolve({ records: batch.length });
  }

  flush() {
    return Promise.resolve();
  }

  [Symbol.asyncDispose]() {
    this.#encoder[Symbol.dispose]();
    return Promise.resolve();
  }
}

async function jsonLines(generator: SyntheticGenerator<object>): Promise<BenchRow[]> {
  const rows = generator.sample(10_000, { seed: 1 }).toRows() as Record<string, unknown>[];
  const encoder = new TextEncoder();
  const baseline = (weighs: boolean, count: number) => {
    const cells = BIRD_COLUMNS.fields.map((_, at) => fakerCell(rows, at, weighs));
    return () => {
      let bytes = 0;
      for (const made of fakerObjects(cells, count)) {
        bytes += encoder.encode(`${JSON.stringify(made)}\n`).length;
      }
      return bytes > 0 ? count : 0;
    };
  };
  let seed = 0;
  const contender = async () => {
    await using sink = new NullPublisher();
    const streamer = new StreamingGenerator(generator, { seed: seed++ });
    await streamer.streamTo(sink, { batchSize: 4096, maxRecords: ROWS });
    return sink.records;
  };
  return [
    await compare({
      name: "birdstrikes as JSON lines to no sink, against faker with the same shares of values",
      contender,
      baseline: baseline(true, 2000),
      target: 100,
    }),
    await compare({
      name: "the same against faker with values that are equally likely",
      contender,
      baseline: baseline(false, 20_000),
    }),
  ];
}

async function rates(generator: SyntheticGenerator<object>): Promise<BenchRow[]> {
  const out: BenchRow[] = [];
  for (const rateLimit of [50, 1000, 1_000_000]) {
    await using sink = new NullPublisher();
    const streamer = new StreamingGenerator(generator, { bufferSize: 1_000_000 });
    const stop = new AbortController();
    const batchSize = rateLimit > 1000 ? 4096 : 100;
    const how = { rateLimit, batchSize, signal: stop.signal };
    setTimeout(() => stop.abort(), SECONDS * 1000);
    await streamer.streamTo(sink, how).catch(() => {}); // it ends by the abort
    const wrong = Math.abs(sink.records / SECONDS / rateLimit - 1);
    out.push(row(`a rate limit of ${rateLimit}/s over 10 s: how far from it`, {
      rate: wrong,
      baselineRate: 1,
      target: 0.01,
      goal: "atMost",
      unit: " of it",
    }));
  }
  return out;
}

/** Streaming what generators make. */
export const group: BenchGroup = {
  name: "streaming",
  rows: async () => {
    const source = csv(BIRDS, { schema: BIRD_COLUMNS });
    const generator = await SyntheticGenerator.fit(source, { seed: 1 }) as SyntheticGenerator<
      object
    >;
    return [...await jsonLines(generator), ...await rates(generator)];
  },
};
