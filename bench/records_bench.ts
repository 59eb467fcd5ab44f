/**
 * Arbitrary values to bytes and back, in batches of 512 and one at a time, against the ways that
 * JavaScript has for it: JSON text, structured cloning, and V8's serializer.
 *
 * One writer and one reader serve all kinds of records, as in a stream of many shapes.
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";
import { RecordReader, RecordWriter } from "../src/batch/records/mod.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const BATCH = 512;
const BATCHES = 100;
const SINGLES = 20_000;
const ROUNDS = 7;
/** Rounds of every kind before any is timed: so much the engine needs to compile for all of them. */
const WARM_UP_ROUNDS = 3;
const TARGET_BYTES = 1 << 20;

interface Kind {
  readonly name: string;
  readonly record: (n: number) => unknown;
}

const SENSORS = ["sensor_1", "sensor_2", "sensor_3"];
const ALERTS = ["HIGH", "LOW", "NORMAL"];

function sensor(n: number): unknown {
  return { sensor_id: SENSORS[n % 3], temperature: (n * 7919 % 5000) / 99.7 };
}

function sensorResult(n: number): unknown {
  const celsius = (n * 7919 % 5000) / 99.7;
  return {
    sensor_id: SENSORS[n % 3],
    temp_c: celsius,
    temp_f: celsius * 9 / 5 + 32,
    alert: ALERTS[n % 3],
    timestamp: 1_700_000_000 + n / 7,
  };
}

function flat(n: number): unknown {
  return {
    id: n,
    name: `name_${n * 7919 % 100_000}`,
    country: ["DE", "FR", "US", "JP"][n % 4],
    amount: n / 7,
    quantity: n % 10,
    active: n % 3 === 0,
    score: n / 11,
    city: `city_${n % 50}`,
    created: 1_700_000_000_000 + n,
    note: null,
  };
}

function nested(n: number): unknown {
  const item = (sku: string) => ({ sku: `${sku}${n % 100}`, price: n / 3, qty: n % 5 });
  return {
    id: n,
    user: { name: `user_${n * 31 % 5000}`, age: n % 90 },
    items: [item("a"), item("b"), item("c")],
    tags: ["new", "sale", `x${n % 7}`],
  };
}

const KINDS: readonly Kind[] = [
  { name: "sensor (2 fields)", record: sensor },
  { name: "sensor result (5 fields)", record: sensorResult },
  { name: "flat (10 fields)", record: flat },
  { name: "nested (object, 3 items, 3 tags)", record: nested },
];

const writer = new RecordWriter();
const reader = new RecordReader();
const target = new Uint8Array(new SharedArrayBuffer(TARGET_BYTES));

function throughColumns(records: readonly unknown[]): unknown[] {
  for (let i = 0; i < records.length; i++) writer.write(records[i]);
  return reader.read(target.subarray(0, writer.finish(target)));
}

function throughJson(records: readonly unknown[]): unknown {
  return JSON.parse(JSON.stringify(records));
}

function throughV8(records: readonly unknown[]): unknown {
  return deserialize(serialize(records));
}

const BASELINES: readonly { name: string; way: (records: unknown[]) => unknown }[] = [
  { name: "JSON.stringify and parse", way: throughJson },
  { name: "structuredClone", way: (records) => structuredClone(records) },
  { name: "node:v8 serialize and deserialize", way: throughV8 },
];

function batchesOf(record: (n: number) => unknown, size: number): unknown[][] {
  return Array.from(
    { length: BATCHES },
    (_, batch) => Array.from({ length: size }, (_, i) => record(batch * size + i)),
  );
}

async function kindRows(kind: Kind): Promise<BenchRow[]> {
  const batches = batchesOf(kind.record, BATCH);
  const all = (way: (records: unknown[]) => unknown) => () => {
    for (const batch of batches) way(batch);
    return BATCH * BATCHES;
  };
  if (JSON.stringify(throughColumns(batches[0])) !== JSON.stringify(batches[0])) {
    throw new Error(`Cannot measure ${kind.name}: records come out other than they went in`);
  }
  const rows: BenchRow[] = [];
  for (const baseline of BASELINES) {
    rows.push(
      await compare({
        name: `${kind.name}, batches of ${BATCH} there and back, against ${baseline.name}`,
        contender: all(throughColumns),
        baseline: all(baseline.way),
        rounds: ROUNDS,
      }),
    );
  }
  return rows;
}

function singleRow(): Promise<BenchRow> {
  const records = Array.from({ length: SINGLES }, (_, n) => [sensor(n)]);
  const all = (way: (records: unknown[]) => unknown) => () => {
    for (const record of records) way(record);
    return SINGLES;
  };
  return compare({
    name: "sensor (2 fields), one record there and back, against structuredClone",
    contender: all(throughColumns),
    baseline: all((record) => structuredClone(record)),
    rounds: ROUNDS,
  });
}

function warmUp(): void {
  const batches = KINDS.flatMap((kind) => batchesOf(kind.record, BATCH));
  for (let i = 0; i < WARM_UP_ROUNDS; i++) {
    for (const batch of batches) throughColumns(batch);
  }
}

/** The codec of records against JSON, structured cloning and V8's serializer. */
export const group: BenchGroup = {
  name: "records",
  async rows(): Promise<BenchRow[]> {
    warmUp();
    const rows: BenchRow[] = [];
    for (const kind of KINDS) rows.push(...await kindRows(kind));
    rows.push(await singleRow());
    return rows;
  },
};
