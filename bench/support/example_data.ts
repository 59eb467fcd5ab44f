import { RecordBatch, type Schema, schema, types as t } from "../../mod.ts";
import { csv, type FitOptions } from "../../mod.ts";
import { SeededRandom } from "../../src/generators/sampling/seeded_random.ts";
import { BIRD_COLUMNS } from "./bird_columns.ts";
import { readQualityRows } from "../../src/quality/quality_rows.ts";

const DATA = new URL("../../examples/data/", import.meta.url);
const TRAINING_SHARE = 0.7;

/** One of the example data sets, as it is learned. */
export interface ExampleData {
  readonly name: string;
  /** How it is fitted, but for model and seed. */
  readonly fit: FitOptions;
  /** Reads all of its rows. */
  read(): Promise<RecordBatch>;
}

/** Rows to learn from, and rows to compare with. */
export interface Split {
  readonly training: RecordBatch;
  readonly holdout: RecordBatch;
}

function csvRows(file: string, columns: Schema): Promise<RecordBatch> {
  return readQualityRows(csv(new URL(file, DATA), { schema: columns }), {
    which: file,
    maxRows: 1_000_000,
    seed: 0,
    signal: undefined,
  });
}

const WEATHER = schema({
  location: t.dict,
  date: t.timestamp,
  precipitation: t.f64,
  temp_max: t.f64,
  temp_min: t.f64,
  wind: t.f64,
  weather: t.dict,
});

const FLIGHTS = schema({
  date: t.timestamp,
  delay: t.i32,
  distance: t.i32,
  origin: t.dict,
  destination: t.dict,
});

const ZIP_CODES = schema({
  zip_code: t.utf8,
  latitude: t.f64,
  longitude: t.f64,
  city: t.dict,
  state: t.dict,
  county: t.dict,
});

/** Times such as `2001/01/01 00:47`, in UTC. */
function timeOf(text: string): number {
  return Date.parse(`${text.replaceAll("/", "-").replace(" ", "T")}Z`);
}

async function readFlights(): Promise<RecordBatch> {
  const rows: { date: string }[] = JSON.parse(
    await Deno.readTextFile(new URL("flights-20k.json", DATA)),
  );
  const timed = rows.map((row) => ({ ...row, date: timeOf(row.date) }));
  return RecordBatch.fromRows(timed, { schema: FLIGHTS as Schema });
}

/** The four example data sets. */
export const EXAMPLE_DATA: readonly ExampleData[] = [
  { name: "birdstrikes", fit: {}, read: () => csvRows("birdstrikes.csv", BIRD_COLUMNS) },
  { name: "weather", fit: {}, read: () => csvRows("weather.csv", WEATHER) },
  { name: "flights-20k", fit: {}, read: readFlights },
  {
    name: "zipcodes",
    fit: { primaryKey: "zip_code" },
    read: () => csvRows("zipcodes.csv", ZIP_CODES),
  },
];

/** Splits rows at random by a seed: 70 % to learn from, 30 % to compare with. */
export function splitRows(rows: RecordBatch, seed: number): Split {
  const order = Array.from({ length: rows.length }, (_, row) => row);
  const random = new SeededRandom(BigInt(seed), 6);
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random.next() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  const cut = Math.round(rows.length * TRAINING_SHARE);
  const take = (part: number[]) => rows.take(part.sort((a, b) => a - b));
  return { training: take(order.slice(0, cut)), holdout: take(order.slice(cut)) };
}
