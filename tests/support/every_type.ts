/**
 * A column of every type, and values that are easily put in wrong.
 *
 * @module
 */
import { type Schema, schema, types } from "../../mod.ts";

/** A column of every type, by the name of its type. */
export const EVERY_TYPE: Schema = schema({
  bool: types.bool,
  i32: types.i32,
  i64: types.i64,
  f32: types.f32,
  f64: types.f64,
  timestamp: types.timestamp,
  date: types.date,
  time: types.time,
  decimal: types.decimal(20, 3),
  utf8: types.utf8,
  dict: types.dict,
  bytes: types.bytes,
  list: types.list(types.i64),
  struct: types.struct({ x: types.f64 }),
  map: types.map(types.bool),
  mixed: types.mixed,
});

/** A row of it: integers beyond a double, a text with quotes, an escape and line ends, a zero byte. */
export const EVERY_VALUE = {
  bool: true,
  i32: -7,
  i64: 2n ** 63n - 1n,
  f32: 0.5,
  f64: -1e300,
  timestamp: Date.UTC(2024, 1, 29, 12, 30, 15, 250),
  date: 19782,
  time: 45_015_250,
  decimal: "12345678901234567.890",
  utf8: `it's "Löwe", 🦁\\n\r\n\\.`,
  dict: "",
  bytes: Uint8Array.of(0, 255),
  list: [1n, null, 2n ** 60n],
  struct: { x: 1.5 },
  map: { a: true },
  mixed: "5",
};

/** A row of it that is null in every column. */
export const EVERY_NULL: Readonly<Record<string, null>> = Object.fromEntries(
  Object.keys(EVERY_VALUE).map((name) => [name, null]),
);
