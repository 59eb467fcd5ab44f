import type { Column } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import { entryType } from "../../batch/nested_builders.ts";
import { typeName } from "../../batch/schema_check.ts";
import type { DataType, Field } from "../../batch/schema.ts";
import type { SinkBuffers, SinkColumnSpec } from "../../kernel/sink_types.ts";
import { itemOf, type Optional, optionalOf } from "./avro_columns.ts";
import { type AvroField, type AvroRecord, type AvroType, avroTypeName } from "./avro_type.ts";
import { UnsupportedAvroError } from "./avro_unsupported.ts";
import { sinkOf } from "./scalar_reading.ts";

/** A wanted column: what is read into it, and where among the columns of the sink. */
export interface ColumnNode {
  readonly path: string;
  readonly type: DataType;
  /** Whether it takes nulls. */
  readonly nullable: boolean;
  /** What it is read as, unions with null aside. */
  readonly reader: Optional["type"];
  /** The first of its columns; of an item that of the array or map. */
  readonly sink: number;
  readonly isItem: boolean;
  /** Its columns, those within included. */
  columns: number;
  /** The fields of a struct, with the reader's. */
  readonly fields?: readonly FieldNode[];
  /** What an array or a map holds. */
  readonly item?: ColumnNode;
  /** The dictionary of an enum. */
  readonly symbols?: Column;
}

/** A wanted field of a record. */
export interface FieldNode {
  readonly field: AvroField;
  readonly node: ColumnNode;
}

interface Place {
  readonly path: string;
  readonly nullable: boolean;
}

function misfit(type: AvroType, column: DataType, path: string): TypeError {
  return new TypeError(
    `Cannot read Avro: the field ${JSON.stringify(path)} is ${avroTypeName(type)}, its column ` +
      `${typeName(column)}; give one of them another type`,
  );
}

/** Lays out the columns that records are read into. */
export class ReadColumns {
  /** What the sink has to keep. */
  readonly specs: SinkColumnSpec[] = [];

  /** The wanted fields of a record, in the order of the columns. */
  fields(record: AvroRecord, columns: readonly Field[], path: string): FieldNode[] {
    return columns.map((column) => {
      const inner = path === "" ? column.name : `${path}.${column.name}`;
      const field = record.fields.find(({ name }) => name === column.name);
      if (field === undefined) {
        throw new TypeError(
          `Cannot read Avro: record ${record.name} has no field for the column ` +
            `${JSON.stringify(inner)}; leave it out, or read with a schema that has it`,
        );
      }
      const { type, branches } = optionalOf(field.type, inner);
      const nullable = branches !== undefined && branches.ofNull >= 0 && column.nullable !== false;
      return { field, node: this.#node(type, column.type, { path: inner, nullable }) };
    });
  }

  #node(reader: Optional["type"], type: DataType, place: Place): ColumnNode {
    const sink = this.specs.length;
    const made = { ...place, type, reader, sink, isItem: false, columns: 1 };
    if (reader.type === "record") {
      if (type.kind !== "struct") throw misfit(reader, type, place.path);
      this.specs.push({ kind: "struct" });
      const fields = this.fields(reader, type.fields, place.path);
      return { ...made, fields, columns: this.specs.length - sink };
    }
    if (reader.type === "array") {
      if (type.kind !== "list") throw misfit(reader, type, place.path);
      const item = this.#item(reader.items, type.item, { sink, path: `${place.path}[]` });
      this.specs.push({ kind: "list", item: sinkOf(item.reader, item.type) });
      return { ...made, item };
    }
    if (reader.type === "map") {
      if (type.kind !== "map") throw misfit(reader, type, place.path);
      const item = this.#item(reader.values, type.value, {
        sink: sink + 1,
        path: `${place.path}{}`,
      });
      this.specs.push({ kind: "list", item: { kind: "text" } });
      this.specs.push({ kind: "list", item: sinkOf(item.reader, item.type) });
      return { ...made, item, columns: 2 };
    }
    if (type.kind === "list" || type.kind === "struct" || type.kind === "map") {
      throw misfit(reader, type, place.path);
    }
    this.specs.push(sinkOf(reader, type));
    return reader.type === "enum" ? { ...made, symbols: symbolColumn(reader.symbols) } : made;
  }

  #item(given: AvroType, type: DataType, at: { sink: number; path: string }): ColumnNode {
    const { type: reader, branches } = itemOf(given, at.path);
    const nullable = branches !== undefined && branches.ofNull >= 0;
    const made = { ...at, type, nullable, reader, isItem: true, columns: 1 };
    if (reader.type === "enum") return { ...made, symbols: symbolColumn(reader.symbols) };
    if (type.kind !== "dict") return made;
    throw new UnsupportedAvroError(
      at.path,
      reader,
      "which has no dictionary within arrays and maps",
    );
  }
}

function symbolColumn(symbols: readonly string[]): Column {
  return columnOf({ kind: "utf8" }, symbols);
}

/** A column of the buffers that were read. */
export function readColumnOf(node: ColumnNode, sinks: readonly SinkBuffers[]): Column {
  const { type, fields, item } = node;
  const { child, ...buffers } = sinks[node.sink];
  if (fields) {
    return { ...buffers, type, children: fields.map((each) => readColumnOf(each.node, sinks)) };
  }
  if (type.kind === "map" && item) {
    const keys: Column = { ...child!, type: { kind: "utf8" } } as Column;
    const values = itemColumn(item, sinks[item.sink].child!);
    const entries: Column = {
      ...{ type: entryType(type.value), length: keys.length, nullCount: 0 },
      children: [keys, values],
    };
    return { ...buffers, type, children: [entries] };
  }
  if (item) return { ...buffers, type, children: [itemColumn(item, child!)] };
  if (node.symbols) return { ...buffers, type, children: [node.symbols] };
  if (child) {
    return { ...buffers, type, children: [{ ...child, type: { kind: "utf8" } } as Column] };
  }
  return { ...buffers, type };
}

function itemColumn(
  { type, symbols }: ColumnNode,
  { child: _none, ...buffers }: SinkBuffers,
): Column {
  return symbols ? { ...buffers, type, children: [symbols] } : { ...buffers, type };
}
