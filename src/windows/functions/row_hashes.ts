import type { Column } from "../../batch/column.ts";
import { Hash64 } from "./hash64.ts";

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);
const NAN_HIGH = 0x7ff80000;
const DECIMAL_BYTES = 16;

/** Hashes the value of a row, which is not null, into a hash. */
export type HashRow = (hash: Hash64, row: number) => void;

/**
 * What hashes the values of a column: numbers by the 8 bytes that they have as keys (−0 is 0, there
 * is one NaN), text and bytes by their bytes.
 */
export function rowHashes(column: Column): HashRow {
  const { type, values, offsets, children } = column;
  switch (type.kind) {
    case "f32":
    case "f64":
      return ofDoubles(values as Float64Array);
    case "i64":
    case "timestamp":
      return ofLongs(values as BigInt64Array);
    case "bool":
      return (hash, row) => hash.ofWords(((values as Uint8Array)[row >> 3] >> (row & 7)) & 1, 0);
    case "decimal":
      return (hash, row) => {
        hash.ofBytes(values as Uint8Array, row * DECIMAL_BYTES, (row + 1) * DECIMAL_BYTES);
      };
    case "dict":
      return ofEntries(values as Int32Array, children![0]);
    case "utf8":
    case "bytes":
      return (hash, row) => hash.ofBytes(values as Uint8Array, offsets![row], offsets![row + 1]);
    default:
      return (hash, row) => hash.ofWords(values![row] as number, (values![row] as number) >> 31);
  }
}

function ofDoubles(values: Float64Array | Float32Array): HashRow {
  return (hash, row) => {
    double[0] = values[row] + 0;
    // Which bits a NaN has is left open.
    if (Number.isNaN(values[row])) hash.ofWords(0, NAN_HIGH);
    else hash.ofWords(halves[0], halves[1]);
  };
}

function ofLongs(values: BigInt64Array): HashRow {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  return (hash, row) => hash.ofWords(words[row * 2], words[row * 2 + 1]);
}

/** The hashes of dictionaries, so that each entry is hashed once. */
const dictionaries = new WeakMap<Column, Uint32Array>();

function hashesOf(dictionary: Column): Uint32Array {
  const known = dictionaries.get(dictionary);
  if (known) return known;
  const [hash, hashRow] = [new Hash64(), rowHashes(dictionary)];
  const made = new Uint32Array(dictionary.length * 2);
  for (let entry = 0; entry < dictionary.length; entry++) {
    hashRow(hash, entry);
    made[entry * 2] = hash.low;
    made[entry * 2 + 1] = hash.high;
  }
  dictionaries.set(dictionary, made);
  return made;
}

function ofEntries(indices: Int32Array, dictionary: Column): HashRow {
  const hashes = hashesOf(dictionary);
  return (hash, row) => {
    hash.low = hashes[indices[row] * 2];
    hash.high = hashes[indices[row] * 2 + 1];
  };
}
