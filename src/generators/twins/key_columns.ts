import type { Column } from "../../batch/column.ts";
import type { DataType, Field } from "../../batch/schema.ts";
import type { Vocabulary } from "../encoding/plans.ts";
import { modelOf } from "../entities/chain_walk.ts";
import { KeyNames } from "../entities/key_names.ts";
import { ValueColumn } from "./twin_columns.ts";
import type { TwinKeys } from "./twin.ts";

const MOST_I32 = 2_147_483_647;
/** Keys of which a list is kept. */
const MOST_LISTED = 1_000_000;

/** Makes the columns of keys, and of what follows from them, from the numbers of keys. */
export class KeyColumns {
  readonly #keys: TwinKeys;
  readonly #type: DataType;
  readonly #profiles: number;
  readonly #names: KeyNames;
  /** The column of all keys, where they are not too many, or ever new. */
  readonly #all: ValueColumn | undefined;
  readonly #attributes: readonly ValueColumn[];

  /** Of keys of which so many have a state of their own. */
  constructor(keys: TwinKeys, fields: readonly Field[], profiles: number) {
    this.#keys = keys;
    this.#type = fields[keys.at].type;
    this.#profiles = profiles;
    const { population, attributes } = keys;
    this.#names = new KeyNames(population, this.#type.kind === "i32" ? MOST_I32 : undefined);
    this.#attributes = attributes.map(({ at, values }) => new ValueColumn(fields[at].type, values));
    const lasting = population.shares.length;
    if (population.newcomers || lasting > MOST_LISTED) return;
    const values = this.#list(Float64Array.from({ length: lasting }, (_, key) => key));
    this.#all = new ValueColumn(this.#type, values);
  }

  #list(keys: Float64Array): Vocabulary {
    const names = Array.from(keys, (key) => this.#names.at(key));
    return this.#type.kind === "utf8" || this.#type.kind === "dict"
      ? { kind: "texts", texts: names as string[] }
      : { kind: "numbers", numbers: Float64Array.from(names as number[]) };
  }

  /** Adds the columns of events with these keys, by their positions; texts are in dictionaries. */
  put(keys: Float64Array, to: Map<number, Column>): void {
    to.set(this.#keys.at, this.#all ? this.#all.at(Int32Array.from(keys)) : this.#listed(keys));
    this.#keys.attributes.forEach(({ at, positions }, attribute) => {
      to.set(at, this.#attributes[attribute].at(this.#places(positions, keys)));
    });
  }

  /** Where the values of an attribute are; keys that are made take after known ones. */
  #places(positions: Int32Array, keys: Float64Array): Int32Array {
    const known = positions.length;
    const profiles = this.#profiles || known;
    const out = new Int32Array(keys.length);
    for (let i = 0; i < out.length; i++) {
      out[i] = positions[keys[i] < known ? keys[i] : modelOf(keys[i], profiles)];
    }
    return out;
  }

  #listed(keys: Float64Array): Column {
    const distinct = new Map<number, number>();
    const codes = Int32Array.from(keys, (key) => {
      let code = distinct.get(key);
      if (code === undefined) distinct.set(key, code = distinct.size);
      return code;
    });
    return new ValueColumn(this.#type, this.#list(Float64Array.from(distinct.keys()))).at(codes);
  }
}
