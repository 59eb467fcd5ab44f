import type { Column } from "../../batch/column.ts";
import { columnBuilder } from "../../batch/nested_builders.ts";
import type { DataType } from "../../batch/schema.ts";
import { grown, type IdPool } from "./id_pool.ts";
import { PairIds } from "./pair_ids.ts";
import { TextIds } from "./text_ids.ts";
import { PlainIds, type ValueIds } from "./value_ids.ts";

/** Keys that nothing is open for are kept up to this number, or that of the others. */
const IDLE_KEYS = 1024;
const NO_KEYS = new Int32Array();

function idsFor(type: DataType): ValueIds {
  const isText = type.kind === "utf8" || type.kind === "dict" || type.kind === "bytes";
  return isText ? new TextIds(type) : new PlainIds(type);
}

/** Small numbers that stand for the keys of rows, for as long as anything is open for them. */
export class KeyIds {
  readonly #types: readonly DataType[];
  readonly #columns: readonly ValueIds[];
  /** Ids of the first two columns, of these and the third, and so on. */
  readonly #pairs: readonly PairIds[];
  /** How much is open for each id. */
  #open = new Int32Array(64);
  #openKeys = 0;
  #ids = new Int32Array();
  #others = new Int32Array();
  #ranks = NO_KEYS;
  /** How many ids had been given when keys were ranked. */
  #ranked = 0;

  /** Ids of keys of columns of these types; without any there is one key. */
  constructor(types: readonly DataType[]) {
    this.#types = types;
    this.#columns = types.map(idsFor);
    this.#pairs = types.slice(1).map(() => new PairIds());
  }

  /** The ids of whole keys in use; there are none without columns. */
  get #pool(): IdPool | undefined {
    return (this.#pairs.at(-1) ?? this.#columns.at(0))?.pool;
  }

  /** All ids are below. */
  get end(): number {
    return this.#pool?.end ?? 1;
  }

  /** Bytes that keys take. */
  get bytes(): number {
    return [...this.#columns, ...this.#pairs].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The ids of the rows of a batch; what it gives is valid until the next call. */
  read(columns: readonly Column[], length: number): Int32Array {
    this.#forgetIdle();
    if (length > this.#ids.length) {
      this.#ids = new Int32Array(length);
      this.#others = new Int32Array(length);
    }
    this.#columns.forEach((ids, at) => {
      ids.read(columns[at], length, at === 0 ? this.#ids : this.#others);
      if (at > 0) this.#pairs[at - 1].pair(this.#ids, this.#others, length);
    });
    this.#open = grown(this.#open, this.end);
    return this.#ids;
  }

  /** Something is open for a key. */
  retain(id: number): void {
    if (this.#open[id]++ === 0) this.#openKeys++;
  }

  /** Something that was open for a key no longer is. */
  release(id: number): void {
    if (--this.#open[id] === 0) this.#openKeys--;
  }

  /** Puts the values of a key at the ends of columns, from one of these on; gives the next one. */
  write(id: number, columns: readonly unknown[][], at: number): number {
    if (this.#columns.length === 1) columns[at].push(this.#columns[0].valueOf(id));
    else this.valuesOf(id).forEach((value, index) => columns[at + index].push(value));
    return at + this.#columns.length;
  }

  /** The values of a key, one a column. */
  valuesOf(id: number): unknown[] {
    return this.#partsOf(id).map((part, at) => this.#columns[at].valueOf(part));
  }

  /** The ids of a key's columns. */
  #partsOf(id: number): number[] {
    const parts: number[] = [];
    for (let at = this.#columns.length - 1; at > 0; at--) {
      parts.unshift(this.#pairs[at - 1].rightOf(id));
      id = this.#pairs[at - 1].leftOf(id);
    }
    if (this.#columns.length > 0) parts.unshift(id);
    return parts;
  }

  /** Where each key stands among all, by id: column by column, NaN and null last. */
  ranks(): Int32Array {
    const given = this.#pool?.given ?? -1;
    if (this.#ranked === given) return this.#ranks;
    const order = Int32Array.from({ length: this.end }, (_, id) => id);
    const [only, ...others] = this.#columns;
    order.sort(others.length > 0 ? this.#comparer() : (a, b) => only.compare(a, b));
    this.#ranks = new Int32Array(this.end);
    order.forEach((id, rank) => this.#ranks[id] = rank);
    this.#ranked = given;
    return this.#ranks;
  }

  /** Compares keys of several columns, whose parts are looked up once. */
  #comparer(): (a: number, b: number) => number {
    const columns = this.#columns;
    const width = columns.length;
    const parts = new Int32Array(this.end * width);
    for (let id = 0; id < this.end; id++) parts.set(this.#partsOf(id), id * width);
    return (a, b) => {
      for (let at = 0; at < width; at++) {
        const order = columns[at].compare(parts[a * width + at], parts[b * width + at]);
        if (order !== 0) return order;
      }
      return 0;
    };
  }

  #forgetIdle(): void {
    const idle = (this.#pool?.used ?? 0) - this.#openKeys;
    if (idle <= Math.max(IDLE_KEYS, this.#openKeys)) return;
    let marked: Uint8Array = Uint8Array.from(
      this.#open.subarray(0, this.end),
      (open) => +(open > 0),
    );
    for (let at = this.#columns.length - 1; at > 0; at--) {
      const pairs = this.#pairs[at - 1];
      const lefts = new Uint8Array(
        at === 1 ? this.#columns[0].pool.end : this.#pairs[at - 2].pool.end,
      );
      const rights = new Uint8Array(this.#columns[at].pool.end);
      marked.forEach((isMarked, id) => {
        if (isMarked === 1) lefts[pairs.leftOf(id)] = rights[pairs.rightOf(id)] = 1;
      });
      pairs.keep(marked);
      this.#columns[at].keep(rights);
      marked = lefts;
    }
    this.#columns[0].keep(marked);
  }

  /** Keys as columns of their types, by the values that {@linkcode KeyIds.valuesOf} gave. */
  columnsOf(keys: readonly (readonly unknown[])[]): Column[] {
    return this.#types.map((type, at) => {
      // A dictionary has fewer entries than there may be keys.
      const builder = columnBuilder(type.kind === "dict" ? { kind: "utf8" } : type);
      builder.appendAll(keys.map((values) => values[at]));
      return builder.finish();
    });
  }

  /** Ids for keys whose values {@linkcode KeyIds.valuesOf} gave. */
  restore(keys: readonly (readonly unknown[])[]): Int32Array {
    return this.read(this.columnsOf(keys), keys.length).slice(0, keys.length);
  }
}
