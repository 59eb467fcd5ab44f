import type { Column } from "../../batch/column.ts";
import type { DataType, Field } from "../../batch/schema.ts";
import type { ColumnSink } from "../../kernel/column_sink.ts";
import { type JsonField, JsonKind } from "../../kernel/json_fields.ts";
import type { SinkBuffers, SinkColumnSpec } from "../../kernel/sink_types.ts";

const encoder = new TextEncoder();

/** How a type of one cell a value is read and kept; all others are left to the host. */
const CELLS: Readonly<
  Partial<Record<DataType["kind"], readonly [keyof typeof JsonKind, SinkColumnSpec["kind"]]>>
> = {
  bool: ["bool", "bool"],
  i32: ["i32", "i32"],
  i64: ["i64", "i64"],
  f32: ["f32", "f32"],
  f64: ["f64", "f64"],
  timestamp: ["timestamp", "i64"],
  date: ["date", "i32"],
  time: ["time", "i32"],
  decimal: ["decimal", "decimal"],
  utf8: ["text", "text"],
  dict: ["dict", "dict"],
};

function cellSpec(type: DataType): SinkColumnSpec | undefined {
  const cell = CELLS[type.kind];
  if (cell === undefined) return undefined;
  const [, kind] = cell;
  return type.kind === "decimal"
    ? { kind, precision: type.precision, scale: type.scale }
    : { kind };
}

/** A column of values that the host converts, each from its bytes. */
export interface HostColumn {
  /** In the sink. */
  readonly column: number;
  readonly type: DataType;
}

/** The columns of a schema as the kernel's reader of JSON writes them. */
export class JsonColumns {
  /** Those of structs before those of their fields. */
  readonly specs: SinkColumnSpec[] = [];
  /** The wanted fields of a record. */
  readonly fields: readonly JsonField[];
  /** What is left to the host. */
  readonly hostColumns: HostColumn[] = [];
  readonly #schema: readonly Field[];

  /** The columns of these fields. */
  constructor(fields: readonly Field[]) {
    this.#schema = fields;
    this.fields = fields.map((field) => this.#plan(field));
  }

  /** The batch columns of what a sink holds; those of the host are given. */
  read(sink: ColumnSink, rows: number, host: readonly Column[]): Column[] {
    const given = new Map(this.hostColumns.map(({ column }, at) => [column, host[at]]));
    return this.#schema.map((field, at) =>
      this.#read(field.type, this.fields[at], { sink, rows, given })
    );
  }

  #plan({ name, type, nullable }: Field): JsonField {
    const column = this.specs.length;
    const [kind, item] = this.#add(type, column);
    const fields = type.kind === "struct"
      ? type.fields.map((field) => this.#plan(field))
      : undefined;
    const below = this.specs.length - column;
    return {
      name: encoder.encode(name),
      kind: JsonKind[kind],
      column,
      below,
      item: JsonKind[item],
      nullable: nullable !== false,
      fields,
    };
  }

  /** Adds the column of a type; how its values, and items of lists, are read. */
  #add(type: DataType, column: number): [kind: keyof typeof JsonKind, item: keyof typeof JsonKind] {
    const cell = cellSpec(type);
    if (cell !== undefined) {
      this.specs.push(cell);
      return [CELLS[type.kind]![0], "bool"];
    }
    if (type.kind === "struct") {
      this.specs.push({ kind: "struct" });
      return ["struct", "bool"];
    }
    const item = type.kind === "list" && type.item.kind !== "dict"
      ? cellSpec(type.item)
      : undefined;
    if (type.kind === "list" && item !== undefined) {
      this.specs.push({ kind: "list", item });
      return ["list", CELLS[type.item.kind]![0]];
    }
    this.specs.push({ kind: "span" });
    this.hostColumns.push({ column, type });
    return ["span", "bool"];
  }

  #read(type: DataType, field: JsonField, from: Reading): Column {
    const given = from.given.get(field.column);
    if (given !== undefined) return given;
    const { child, ...buffers } = from.sink.columns[field.column].finish(from.rows);
    if (type.kind === "struct") {
      const children = type.fields.map((inner, at) =>
        this.#read(inner.type, field.fields![at], from)
      );
      return { type, ...buffers, children };
    }
    return child === undefined
      ? { type, ...buffers }
      : { type, ...buffers, children: [childColumn(type, child)] };
  }
}

interface Reading {
  readonly sink: ColumnSink;
  readonly rows: number;
  readonly given: ReadonlyMap<number, Column>;
}

const DICTIONARIES = new WeakMap<SinkBuffers, Column>();

/** Items of a list, or the entries of a dictionary: the same object while they are the same. */
function childColumn(type: DataType, child: SinkBuffers): Column {
  if (type.kind === "list") return { type: type.item, ...child };
  let dictionary = DICTIONARIES.get(child);
  if (dictionary === undefined) {
    dictionary = { type: { kind: "utf8" }, ...child };
    DICTIONARIES.set(child, dictionary);
  }
  return dictionary;
}
