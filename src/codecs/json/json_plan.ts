import type { Column } from "../../batch/column.ts";
import { readColumn } from "../../batch/column_reader.ts";
import { makeWritable } from "../../batch/batch_json.ts";
import type { DataType } from "../../batch/schema.ts";
import type { JsonWriteOp } from "../../kernel/json_writer.ts";
import { JSON_PREFIX, type JsonWriteKind } from "../../kernel/json_write_ops.ts";
import type { JsonNode } from "./json_tree.ts";

/** How values are written where there is a choice. */
export interface JsonStyle {
  /** Timestamps, dates and times as the numbers that they are in rows, or as ISO 8601 texts. */
  readonly times: "number" | "iso";
  /** Digits behind the point by path; without an entry, as few as the number needs. */
  readonly decimals: ReadonlyMap<string, number>;
}

const KINDS: Readonly<Partial<Record<DataType["kind"], JsonWriteKind>>> = {
  bool: "bool",
  i32: "i32",
  i64: "i64",
  f32: "f32",
  f64: "f64",
  timestamp: "millis",
  date: "i32",
  time: "i32",
  decimal: "decimal",
  utf8: "text",
  dict: "entry",
  bytes: "bytes",
  list: "list",
};
const ISO_KINDS: Readonly<Partial<Record<DataType["kind"], JsonWriteKind>>> = {
  timestamp: "isoTimestamp",
  date: "isoDate",
  time: "isoTime",
};

const NOTHING = new Uint8Array();
const encoder = new TextEncoder();

/** Whether the host writes values of a type, as they are in rows. */
function isForHost(type: DataType): boolean {
  if (type.kind === "mixed" || type.kind === "map") return true;
  if (type.kind === "list") return isForHost(type.item);
  return type.kind === "struct" && type.fields.some((field) => isForHost(field.type));
}

/** Also of a dictionary with nulls in it the host knows more. */
function isHosted({ type, children }: Column): boolean {
  return isForHost(type) || (type.kind === "dict" && children![0].nullCount > 0);
}

/**
 * Values of a column as the texts that JSON has for them, each behind a prefix; of those that it has
 * none, `absent`.
 */
function textsOf(column: Column, prefix: string, absent: string): Column {
  const values = readColumn(column, { start: 0, end: column.length });
  makeWritable(column.type, values);
  const offsets = new Int32Array(column.length + 1);
  const texts = values.map((value, at) => {
    const json = JSON.stringify(value) as string | undefined;
    const text = encoder.encode(json === undefined ? absent : prefix + json);
    offsets[at + 1] = offsets[at] + text.length;
    return text;
  });
  const bytes = new Uint8Array(offsets[column.length]);
  texts.forEach((text, at) => bytes.set(text, offsets[at]));
  return { type: { kind: "utf8" }, length: column.length, nullCount: 0, values: bytes, offsets };
}

function both(a: Uint8Array | undefined, b: Uint8Array): Uint8Array {
  return a === undefined ? b : b.map((bits, at) => bits & a[at]);
}

/** Plans how the columns of batches of one schema are written, anew for each batch. */
export class JsonPlanner {
  readonly #style: JsonStyle;
  readonly #prefixes = new Map<string, Uint8Array>();
  #ops: JsonWriteOp[] = [];
  // What stands before the next value.
  #pending = "";

  /** A planner that writes in one style. */
  constructor(style: JsonStyle) {
    this.#style = style;
  }

  /** The operations that write the fields of rows, each with a comma before it. */
  plan(nodes: readonly JsonNode[], columns: readonly Column[]): JsonWriteOp[] {
    for (const { lead, column, within } of nodes) {
      if (column === undefined) {
        this.#pending += lead;
        this.#object(within!, columns);
      } else if (isHosted(columns[column.at])) {
        // a key without a value is left out, but not what closes the one before
        this.#flush(undefined);
        const texts = textsOf(columns[column.at], lead, "");
        this.#push({ kind: "raw", column: texts }, undefined);
      } else {
        this.#pending += lead;
        this.#value(columns[column.at], column);
      }
    }
    this.#flush(undefined);
    const ops = this.#ops;
    this.#ops = [];
    return ops;
  }

  /** Columns that their paths make an object of. */
  #object(nodes: readonly JsonNode[], columns: readonly Column[]): void {
    nodes.forEach(({ key, column, within }, at) => {
      this.#pending += `${at === 0 ? "{" : ","}${key}:`;
      if (column === undefined) this.#object(within!, columns);
      else this.#value(columns[column.at], { path: column.path });
    });
    this.#pending += "}";
  }

  #value(column: Column, at: Place): void {
    const { type } = column;
    if (isHosted(column)) {
      this.#push({ kind: "raw", column: textsOf(column, "", "null") }, at.alive);
    } else if (type.kind === "struct") this.#struct(column, at);
    else if (type.kind === "list") this.#leaf("list", column, at, this.#itemsOf(column, at));
    else this.#leaf(this.#kindOf(type, at), column, at);
  }

  #kindOf({ kind }: DataType, { path }: Place): JsonWriteKind {
    if (this.#style.decimals.has(path)) {
      if (kind === "f64") return "fixedF64";
      if (kind === "f32") return "fixedF32";
    }
    const iso = this.#style.times === "iso" ? ISO_KINDS[kind] : undefined;
    return iso ?? KINDS[kind]!;
  }

  #leaf(kind: JsonWriteKind, column: Column, { path, alive }: Place, items?: JsonWriteOp[]): void {
    const { type } = column;
    const digits = type.kind === "decimal" ? type.scale : this.#style.decimals.get(path);
    this.#push({ kind, column, digits, items }, alive);
  }

  /** How the items of a list are written, each as a row. */
  #itemsOf({ children }: Column, { path }: Place): JsonWriteOp[] {
    const [outer, pending] = [this.#ops, this.#pending];
    this.#ops = [];
    this.#pending = "";
    this.#value(children![0], { path });
    this.#flush(undefined);
    const items = this.#ops;
    this.#ops = outer;
    this.#pending = pending;
    return items;
  }

  #struct(column: Column, { path, alive }: Place): void {
    const { type, children, validity, nullCount } = column;
    const { fields } = type as DataType & { kind: "struct" };
    let within = alive;
    if (nullCount > 0) {
      this.#push({ kind: "open", column }, alive);
      within = both(alive, validity!);
    } else this.#pending += "{";
    inKeyOrder(fields.map((field) => field.name)).forEach((index, at) => {
      const { name } = fields[index];
      this.#pending += `${at === 0 ? "" : ","}${JSON.stringify(name)}:`;
      this.#value(children![index], { path: `${path}.${name}`, alive: within });
    });
    this.#pending += "}";
    if (nullCount > 0) this.#flush(within);
  }

  /** An operation behind what is pending: a long prefix is one of its own. */
  #push(op: Omit<JsonWriteOp, "prefix" | "alive">, alive: Uint8Array | undefined): void {
    let prefix = this.#prefix();
    if (prefix.length > JSON_PREFIX.most) {
      this.#ops.push({ kind: "constant", prefix, alive });
      prefix = NOTHING;
    }
    const { kind, column, digits, items } = op;
    this.#ops.push({ kind, prefix, alive, column, digits, items });
  }

  #flush(alive: Uint8Array | undefined): void {
    if (this.#pending === "") return;
    this.#ops.push({ kind: "constant", prefix: this.#prefix(), alive });
  }

  /** What stands before the next value: the same object for the same text. */
  #prefix(): Uint8Array {
    const text = this.#pending;
    this.#pending = "";
    let bytes = this.#prefixes.get(text);
    if (bytes === undefined) this.#prefixes.set(text, bytes = encoder.encode(text));
    return bytes;
  }
}

/** Where a value is. */
interface Place {
  readonly path: string;
  /** The rows that have it, where not all do. */
  readonly alive?: Uint8Array;
}

/** The order in which JavaScript has keys: whole numbers come first. */
export function inKeyOrder(names: readonly string[]): number[] {
  return Object.values(Object.fromEntries(names.map((name, at) => [name, at])));
}
