/**
 * Batches against what JavaScript offers for the same: JSON text, and the structured clone.
 *
 * A record has ten fields: two whole numbers, three floats, a time, a flag, a name of its own, a
 * name out of fifty, and a text that is null now and then.
 *
 * @module
 */
import {
  decodeFrame,
  encodeFrame,
  frameSize,
  RecordBatch,
  RecordBatchBuilder,
  schema,
  types as t,
} from "@waggle/stream";
import { fromArrow, toArrow } from "../src/batch/arrow.ts";
import { type BenchGroup, type BenchRow, compare, type CompareOptions } from "./support/bench.ts";

const ROWS = 16_384;
/** Encoding and decoding a frame takes microseconds: many to a round. */
const FRAMES = 50;
/** Rows in the small frames of a stream with few records. */
const FEW_ROWS = 16;

const RECORD = schema({
  id: t.i32,
  sensor: t.dict,
  temperature: t.f64,
  humidity: t.f64,
  pressure: t.f64,
  ok: t.bool,
  time: t.timestamp,
  name: t.utf8,
  count: t.i32,
  note: t.utf8,
});

function record(n: number) {
  return {
    id: n,
    sensor: `sensor_${n % 50}`,
    temperature: 20 + (n % 100) / 7,
    humidity: n % 100,
    pressure: n / 3,
    ok: n % 3 === 0,
    time: 1_700_000_000_000 + n,
    name: `name ${n}`,
    count: n * 2,
    note: n % 7 ? "a note" : null,
  };
}

const rows = Array.from({ length: ROWS }, (_, n) => record(n));
const batch = RecordBatch.fromRows(rows, { schema: RECORD });
const text = JSON.stringify(rows);
const frame = encodeFrame({ kind: "data" }, batch);
const target = new Uint8Array(frameSize(batch));
const few = batch.slice(0, FEW_ROWS);
const fewRows = rows.slice(0, FEW_ROWS);
const fewFrame = encodeFrame({ kind: "data" }, few);

/** Does something with what a side made, so that none of it is left out. */
let kept: unknown;
function keep(made: unknown, units: number): number {
  kept = made;
  return kept === undefined ? 0 : units;
}

function times(count: number, make: () => unknown): unknown {
  let made: unknown;
  for (let i = 0; i < count; i++) made = make();
  return made;
}

function building(): CompareOptions[] {
  const stringify = () => keep(JSON.stringify(rows), ROWS);
  const builder = new RecordBatchBuilder(RECORD);
  const oneByOne = () => {
    for (const row of rows) builder.append(row);
    return keep(builder.finish(), ROWS);
  };
  return [
    {
      name: "rows to batch, schema given, against JSON.stringify of all",
      contender: () => keep(RecordBatch.fromRows(rows, { schema: RECORD }), ROWS),
      baseline: stringify,
    },
    {
      name: "rows to batch, schema inferred, against JSON.stringify of all",
      contender: () => keep(RecordBatch.fromRows(rows), ROWS),
      baseline: stringify,
    },
    {
      name: "rows to batch, one append each, against JSON.stringify each",
      contender: oneByOne,
      baseline: () => keep(rows.map((row) => JSON.stringify(row)), ROWS),
    },
  ];
}

function reading(): CompareOptions[] {
  const parse = () => keep(JSON.parse(text), ROWS);
  return [
    {
      name: "batch to rows against JSON.parse",
      contender: () => keep(batch.toRows(), ROWS),
      baseline: parse,
    },
    {
      name: "two columns by row view against JSON.parse",
      contender: () => {
        const view = batch.row(0);
        let sum = 0;
        for (let at = 0; at < ROWS; at++) {
          view.moveTo(at);
          sum += (view.getAt(0) as number) + (view.getAt(2) as number);
        }
        return keep(sum, ROWS);
      },
      baseline: parse,
    },
    {
      name: "toJson() against JSON.stringify of rows that exist",
      contender: () => keep(batch.toJson(), ROWS),
      baseline: () => keep(JSON.stringify(rows), ROWS),
    },
  ];
}

function moving(): CompareOptions[] {
  const clone = () => keep(structuredClone(rows), ROWS);
  return [
    {
      name: "frame encoded and decoded against structuredClone",
      contender: () =>
        keep(
          times(FRAMES, () =>
            decodeFrame(encodeFrame({ kind: "data" }, batch, { target }), { trusted: true })),
          ROWS * FRAMES,
        ),
      baseline: clone,
      target: 100,
    },
    {
      name: "frame encoded with CRC and verified in all against structuredClone",
      contender: () =>
        keep(decodeFrame(encodeFrame({ kind: "data", crc: true }, batch, { target })), ROWS),
      baseline: clone,
    },
    {
      name: "rows to frame and back to rows against JSON text and back",
      contender: () => {
        const made = encodeFrame({ kind: "data" }, RecordBatch.fromRows(rows, { schema: RECORD }));
        return keep(decodeFrame(made, { trusted: true }).batch!.toRows(), ROWS);
      },
      baseline: () => keep(JSON.parse(JSON.stringify(rows)), ROWS),
    },
    {
      name: `frames of ${FEW_ROWS} rows encoded and decoded against structuredClone`,
      contender: () =>
        keep(
          times(FRAMES, () =>
            decodeFrame(encodeFrame({ kind: "data" }, few, { target }), { trusted: true })),
          FEW_ROWS * FRAMES,
        ),
      baseline: () => keep(times(FRAMES, () => structuredClone(fewRows)), FEW_ROWS * FRAMES),
    },
    {
      name: "frame decoded, verified against trusted",
      contender: () => keep(times(FRAMES, () => decodeFrame(fewFrame)), FEW_ROWS * FRAMES),
      baseline: () =>
        keep(times(FRAMES, () => decodeFrame(fewFrame, { trusted: true })), FEW_ROWS * FRAMES),
    },
    {
      name: "to an Arrow table and back against a frame and back",
      contender: () => keep(times(FRAMES, () => fromArrow(toArrow(batch))), ROWS * FRAMES),
      baseline: () => keep(times(FRAMES, () => decodeFrame(frame)), ROWS * FRAMES),
    },
  ];
}

/** The benches of this file. */
export const group: BenchGroup = {
  name: "batch",
  async rows() {
    const made: BenchRow[] = [];
    for (const options of [...building(), ...reading(), ...moving()]) {
      made.push(await compare(options));
    }
    return made;
  },
};
