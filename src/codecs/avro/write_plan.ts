import type { DataType, Field, Schema } from "../../batch/schema.ts";
import { typeName } from "../../batch/schema_check.ts";
import type { AvroWriteKind } from "../../kernel/avro_ops.ts";
import type { AvroWriteOp } from "../../kernel/avro_writer.ts";
import { type Branches, itemOf, type Optional, optionalOf, recordOf } from "./avro_columns.ts";
import { MAX_AVRO_FIELDS } from "./avro_limits.ts";
import { type AvroField, type AvroRecord, type AvroSchema, avroTypeName } from "./avro_type.ts";
import { UnsupportedAvroError } from "./avro_unsupported.ts";
import { writeDefault } from "./write_default.ts";

/** An operation of a plan, and what it is about. */
export interface WriteStep extends AvroWriteOp {
  within: number;
  /** The field, for messages. */
  readonly path: string;
  /** What is written, for messages. */
  readonly expected: string;
  /** Its column: a position in the batch, then among the children. */
  readonly from?: readonly number[];
  /** The symbols of an enum. */
  readonly symbols?: readonly string[];
}

/** What a batch's columns are written as. */
export interface WriteOptions {
  /** What a column means that the Avro schema has not. */
  readonly extraColumns: "error" | "ignore";
}

interface Place {
  readonly path: string;
  readonly from: readonly number[];
  readonly around: readonly AvroRecord[];
}

type Scalar = readonly [kind: AvroWriteKind, a?: number];

/** How columns are written, by their type and the logical or plain one of Avro. */
const SCALARS: Readonly<Record<string, Scalar>> = {
  "bool boolean": ["bool"],
  "i32 int": ["i32"],
  "i32 long": ["i32"],
  "i32 float": ["i32ToFloat"],
  "i32 double": ["i32ToDouble"],
  "i64 int": ["i64ToInt"],
  "i64 long": ["i64"],
  "i64 float": ["i64ToFloat"],
  "i64 double": ["i64ToDouble"],
  "f32 int": ["f32ToInt"],
  "f32 long": ["f32ToLong"],
  "f32 float": ["f32"],
  "f32 double": ["f32ToDouble"],
  "f64 int": ["f64ToInt"],
  "f64 long": ["f64ToLong"],
  "f64 float": ["f64ToFloat"],
  "f64 double": ["f64"],
  "utf8 string": ["text"],
  "dict string": ["cell"],
  "utf8 uuid": ["text"],
  "dict uuid": ["cell"],
  "utf8 enum": ["enum"],
  "dict enum": ["enum"],
  "bytes bytes": ["text"],
  "bytes fixed": ["fixed"],
  "date date": ["i32"],
  "date int": ["i32"],
  "time time-millis": ["i32"],
  "time time-micros": ["i32Scaled", 1_000],
  "time int": ["i32"],
  "time long": ["i32"],
  "timestamp timestamp-millis": ["i64"],
  "timestamp timestamp-micros": ["i64Scaled", 1_000],
  "timestamp timestamp-nanos": ["i64Scaled", 1_000_000],
  "timestamp local-timestamp-millis": ["i64"],
  "timestamp local-timestamp-micros": ["i64Scaled", 1_000],
  "timestamp local-timestamp-nanos": ["i64Scaled", 1_000_000],
  "timestamp long": ["i64"],
  "decimal decimal": ["decimal"],
};
/** Columns of plain numbers and bytes go to a type whatever it means. */
const PLAIN: ReadonlySet<DataType["kind"]> = new Set(["i32", "i64", "f32", "f64", "bytes"]);

function unionWord(branches: Branches | undefined): number {
  if (branches === undefined) return 0;
  return 1 | (Math.max(branches.ofNull, 0) << 9) | (branches.ofValue << 17);
}

/** How a column is written as a type without parts; `undefined` when it cannot be. */
function scalarOf(column: DataType, type: Optional["type"]): Scalar | undefined {
  const logical = "logical" in type ? type.logical : undefined;
  if (column.kind === "utf8" && logical?.name === "uuid" && type.type === "fixed") return ["uuid"];
  if (column.kind === "decimal") {
    if (logical?.name !== "decimal" || logical.scale !== column.scale) return undefined;
    if (logical.precision < column.precision) return undefined;
    return type.type === "fixed" ? ["decimalFixed", type.size] : ["decimal"];
  }
  if (logical !== undefined) {
    const scalar = SCALARS[`${column.kind} ${logical.name}`];
    const isPlain = logical.name !== "uuid" || type.type === "string";
    if (scalar !== undefined && isPlain) return scalar;
    if (!PLAIN.has(column.kind)) return undefined;
  }
  const scalar = SCALARS[`${column.kind} ${type.type}`];
  return scalar?.[0] === "fixed" && type.type === "fixed" ? ["fixed", type.size] : scalar;
}

/** Makes the operations that write a record of columns. */
class WritePlanner {
  readonly steps: WriteStep[] = [];
  readonly #extraColumns: WriteOptions["extraColumns"];

  constructor({ extraColumns }: WriteOptions) {
    this.#extraColumns = extraColumns;
  }

  record(record: AvroRecord, fields: readonly Field[], place: Place): void {
    const { path, from, around } = place;
    if (around.includes(record)) {
      throw new UnsupportedAvroError(path, record, "which contains itself");
    }
    if (this.#extraColumns === "error") this.#checkColumns(record, fields, path);
    const positions = new Map(fields.map(({ name }, at) => [name, at]));
    for (const field of record.fields) {
      const inner = path === "" ? field.name : `${path}.${field.name}`;
      const at = positions.get(field.name);
      if (at === undefined) this.#constant(field, inner);
      else {
        const within = { path: inner, from: [...from, at], around: [...around, record] };
        this.#value(optionalOf(field.type, inner), fields[at].type, within);
      }
    }
    if (this.steps.length <= 4 * MAX_AVRO_FIELDS) return;
    throw new UnsupportedAvroError(
      path,
      record,
      `which makes more than ${MAX_AVRO_FIELDS} columns`,
    );
  }

  #checkColumns(record: AvroRecord, fields: readonly Field[], path: string): void {
    const known = new Set(record.fields.map(({ name }) => name));
    const extra = fields.find(({ name }) => !known.has(name));
    if (extra === undefined) return;
    throw new TypeError(
      `Cannot write Avro: record ${record.name} has no field for the column ` +
        `${JSON.stringify(path === "" ? extra.name : `${path}.${extra.name}`)}; add one, select ` +
        'the other columns, or pass extraColumns: "ignore"',
    );
  }

  #constant(field: AvroField, path: string): void {
    if (field.default === undefined) {
      throw new TypeError(
        `Cannot write Avro: there is no column for the field ${JSON.stringify(path)}, which has ` +
          "no default; add the column, or give the field a default",
      );
    }
    const bytes = writeDefault(field.type, field.default.value);
    this.steps.push({
      ...{ kind: "constant", union: 0, a: bytes.length, within: 0, bytes },
      ...{ path, expected: avroTypeName(field.type) },
    });
  }

  #value({ type, branches }: Optional, column: DataType, place: Place): void {
    const step = (kind: AvroWriteKind, a = 0, symbols?: readonly string[]) => {
      const { path, from } = place;
      const expected = avroTypeName(type);
      const made = {
        kind,
        union: unionWord(branches),
        a,
        within: 0,
        path,
        expected,
        from,
        symbols,
      };
      this.steps.push(made);
      return made;
    };
    if (type.type === "record" && column.kind === "struct") {
      const made = step("record");
      const before = this.steps.length;
      this.record(type, column.fields, place);
      made.within = this.steps.length - before;
    } else if (type.type === "array" && column.kind === "list") {
      step("array").within = 1;
      const path = `${place.path}[]`;
      this.#value(itemOf(type.items, path), column.item, {
        ...place,
        path,
        from: [...place.from, 0],
      });
    } else if (type.type === "map" && column.kind === "map") {
      step("map").within = 2;
      const path = `${place.path}{}`;
      const entries = [...place.from, 0];
      const keys = { ...place, path, from: [...entries, 0] };
      this.#value({ type: { type: "string" } }, { kind: "utf8" }, keys);
      const values = { ...place, path, from: [...entries, 1] };
      this.#value(itemOf(type.values, path), column.value, values);
    } else {
      const scalar = scalarOf(column, type);
      if (scalar === undefined) throw mismatch(type, column, place.path);
      step(scalar[0], scalar[1], type.type === "enum" ? type.symbols : undefined);
    }
  }
}

function mismatch(type: Optional["type"], column: DataType, path: string): TypeError {
  const logical = "logical" in type ? type.logical : undefined;
  const decimal = logical?.name === "decimal" && column.kind === "decimal"
    ? ` of precision ${logical.precision} and scale ${logical.scale}`
    : "";
  return new TypeError(
    `Cannot write Avro: the column ${JSON.stringify(path)} is ${typeName(column)}, the field ` +
      `${avroTypeName(type)}${decimal}; give one of them another type`,
  );
}

/**
 * The operations that write columns as a record.
 *
 * @throws {UnsupportedAvroError} when the record has a type that no column can be.
 * @throws {TypeError} when columns and fields do not go together.
 */
export function planWriting(avro: AvroSchema, columns: Schema, options: WriteOptions): WriteStep[] {
  const planner = new WritePlanner(options);
  planner.record(recordOf(avro.type), columns.fields, { path: "", from: [], around: [] });
  return planner.steps;
}
