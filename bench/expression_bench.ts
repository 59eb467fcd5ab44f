/**
 * Expressions over columns in the kernel, against the same written as a function over objects, and
 * against the row evaluator, the kernel's twin.
 *
 * Contenders take columns and give columns, the functions take objects and give objects: each what
 * it would be given in its own world.
 *
 * @module
 */
import { RecordBatch } from "../src/batch/record_batch.ts";
import {
  col,
  concat,
  type Expr,
  now,
  type Plan,
  struct,
  when,
} from "../src/batch/expressions/mod.ts";
import { dict, f64, i64, required, schema, timestamp, utf8 } from "../src/batch/types.ts";
import { compileIn, compileRows } from "../src/batch/expressions/compile.ts";
import { create } from "../src/kernel/kernel.ts";
import { Random } from "../tests/support/random.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const ROWS = 65_536;
const REPEATS = 8;
/** Batches before the first timed one: until then V8 runs the kernel in its quick, slow form. */
const WARM_UP_BATCHES = 200;
const NOW = 1_700_000_000_000;
const DAY_MS = 86_400_000;

interface Reading {
  sensor_id: string;
  temperature: number;
  humidity: number | null;
  place: string;
  count: bigint;
  at: number;
}

const SCHEMA = schema({
  sensor_id: required(dict),
  temperature: required(f64),
  humidity: f64,
  place: required(utf8),
  count: required(i64),
  at: required(timestamp),
});

function readings(): Reading[] {
  const random = new Random(1);
  return Array.from({ length: ROWS }, () => ({
    sensor_id: `sensor_${random.below(100)}`,
    temperature: random.next() * 60 - 10,
    humidity: random.chance(0.1) ? null : random.next() * 100,
    place: `${random.pick(["Hall", "Roof", "Cellar"])} ${random.below(1000)}`,
    count: BigInt(random.below(1000)),
    at: NOW - random.below(1_000_000_000),
  }));
}

/** The sensor function of the documentation. */
function processSensorData({ sensor_id, temperature }: Reading) {
  const tempF = temperature * (9 / 5) + 32;
  return {
    sensor_id,
    temp_c: temperature,
    temp_f: tempF,
    alert: tempF > 100 ? "HIGH" : tempF < 32 ? "LOW" : "NORMAL",
    timestamp: NOW,
  };
}

function sensorExpression(): Expr {
  const tempF = col<number>("temperature").mul(9 / 5).add(32);
  return struct({
    sensor_id: col("sensor_id"),
    temp_c: col("temperature"),
    temp_f: tempF,
    alert: when(tempF.gt(100)).then("HIGH").when(tempF.lt(32)).then("LOW").otherwise("NORMAL"),
    timestamp: now(),
  });
}

/** An expression, and the function over objects that does the same. */
interface Case {
  readonly name: string;
  readonly expression: Expr;
  readonly byHand: (row: Reading) => unknown;
  readonly filters?: boolean;
}

const CASES: readonly Case[] = [
  { name: "sensor function", expression: sensorExpression(), byHand: processSensorData },
  {
    name: "filter: temperature above 30",
    expression: col("temperature").gt(30),
    byHand: (row) => row.temperature > 30,
    filters: true,
  },
  {
    name: "filter: three conditions with nulls",
    expression: col("temperature").between(10, 30).and(
      col("humidity").lt(50),
      col("sensor_id").in(["sensor_1", "sensor_2", "sensor_30"]),
    ),
    byHand: (row) =>
      row.temperature >= 10 && row.temperature <= 30 && row.humidity !== null &&
      row.humidity < 50 && ["sensor_1", "sensor_2", "sensor_30"].includes(row.sensor_id),
    filters: true,
  },
  {
    name: "arithmetic of five columns' worth",
    expression: col("temperature").sub(20).mul(col("temperature").sub(20))
      .add(col("humidity").mul(0.01)).div(col("temperature").abs().add(1)).round(2),
    byHand: ({ temperature, humidity }) =>
      humidity === null ? null : Math.round(
        ((temperature - 20) * (temperature - 20) + humidity * 0.01) /
          (Math.abs(temperature) + 1) * 100,
      ) / 100,
  },
  {
    name: "filter: text begins and contains",
    expression: col("place").startsWith("Hall").and(col("place").contains("7")),
    byHand: ({ place }) => place.startsWith("Hall") && place.includes("7"),
    filters: true,
  },
  {
    name: "text: lower case and joined",
    expression: concat(col("place").lower(), "/", col("sensor_id")),
    byHand: ({ place, sensor_id }) => `${place.toLowerCase()}/${sensor_id}`,
  },
  {
    name: "times: day and hour",
    expression: struct({ day: col("at").truncate("day"), hour: col("at").extract("hour") }),
    byHand: ({ at }) => ({
      day: Math.floor(at / DAY_MS) * DAY_MS,
      hour: new Date(at).getUTCHours(),
    }),
  },
  {
    name: "i64: exact sum",
    expression: col("count").add(1n).mul(3n),
    byHand: ({ count }) => BigInt.asIntN(64, (count + 1n) * 3n),
  },
];

function run(plan: Plan, batch: RecordBatch, filters: boolean | undefined): number {
  for (let i = 0; i < REPEATS; i++) {
    if (filters) plan.filter(batch);
    else plan.evaluate(batch, { now: NOW });
  }
  return ROWS * REPEATS;
}

function runByHand({ byHand, filters }: Case, rows: readonly Reading[]): number {
  for (let i = 0; i < REPEATS; i++) {
    if (filters) rows.filter(byHand);
    else rows.map(byHand);
  }
  return ROWS * REPEATS;
}

async function rows(): Promise<BenchRow[]> {
  const kernel = create();
  const objects = readings();
  const batch = RecordBatch.fromRows(objects, { schema: SCHEMA }) as RecordBatch;
  const found: BenchRow[] = [];
  for (const each of CASES) {
    using plan = compileIn(each.expression, { schema: SCHEMA, kernel });
    const contender = () => run(plan, batch, each.filters);
    for (let i = 0; i < WARM_UP_BATCHES / REPEATS; i++) contender();
    const name = `expression, ${each.name}`;
    found.push(
      await compare({
        name: `${name}, against a function over objects`,
        contender,
        baseline: () => runByHand(each, objects),
      }),
    );
  }
  using plan = compileIn(sensorExpression(), { schema: SCHEMA, kernel });
  using twin = compileRows(sensorExpression(), { schema: SCHEMA });
  found.push(
    await compare({
      name: "expression, sensor function, kernel against the row evaluator",
      contender: () => run(plan, batch, false),
      baseline: () => run(twin, batch, false),
      rounds: 5,
    }),
  );
  return found;
}

/** The bench of expressions. */
export const group: BenchGroup = { name: "expressions", rows };
