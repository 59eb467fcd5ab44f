import { setOwn } from "./free_reader.ts";
import { type Row, ROW_BUILDERS, type RowBuilder } from "./row_builders.ts";

/** Objects of a shape after which it gets a builder of its own, as long as there are any. */
const BUSY_ROWS = 128;

const taken = new Map<string, RowBuilder>();

/** The builder for these keys, the same for all readers; `undefined` when none is left. */
function builderFor(keys: readonly string[]): RowBuilder | undefined {
  const name = JSON.stringify(keys);
  const known = taken.get(name);
  if (known !== undefined || taken.size === ROW_BUILDERS.length) return known;
  const builder = ROW_BUILDERS[taken.size];
  taken.set(name, builder);
  return builder;
}

const buildAny: RowBuilder = (keys, columns, count) => {
  const rows = new Array<Row>(count);
  const width = keys.length;
  for (let r = 0; r < count; r++) {
    const row: Row = {};
    for (let i = 0; i < width; i++) row[keys[i]] = columns[i][r];
    rows[r] = row;
  }
  return rows;
};

/** Builds objects with a key `__proto__`, which assignment would take for the prototype. */
const buildOwn: RowBuilder = (keys, columns, count) =>
  Array.from({ length: count }, (_, r) => {
    const row: Row = {};
    keys.forEach((key, i) => setOwn(row, key, columns[i][r]));
    return row;
  });

/** The keys of an object, known to a reader, and the way to make such objects. */
export class KnownShape {
  readonly keys: readonly string[];
  /** The keys as they came. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  #build: RowBuilder;
  /** Objects to make before a builder is looked for. */
  #wait: number;

  constructor(keys: readonly string[], bytes: Uint8Array<ArrayBuffer>) {
    this.keys = keys;
    this.bytes = bytes;
    const hasProto = keys.includes("__proto__");
    this.#build = hasProto ? buildOwn : buildAny;
    this.#wait = hasProto || keys.length === 0 ? Infinity : BUSY_ROWS;
  }

  /** Makes `count` objects from the columns of their values. */
  rows(columns: readonly ArrayLike<unknown>[], count: number): Row[] {
    this.#wait -= count;
    if (this.#wait <= 0) {
      this.#wait = Infinity;
      this.#build = builderFor(this.keys) ?? buildAny;
    }
    return this.#build(this.keys, columns, count);
  }
}
