import type { Column } from "../../batch/column.ts";
import { isValid } from "../../batch/column_reader.ts";
import { getBit } from "../../batch/bitmap.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import type { KafkaCells, KafkaHeaderCells } from "../../kernel/kafka_cells.ts";
import type { KafkaColumn, KafkaRows } from "../../kernel/kafka_job.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Partitioner, RecordLayout } from "./record_layout.ts";
import { isTextual, StagedColumns } from "./staged_columns.ts";
import {
  type AvroKeySchema,
  avroKeySchema,
  AvroValueWriter,
  columnsOf,
  JsonValueWriter,
  type ValueWriter,
} from "./value_writer.ts";

const encoder = new TextEncoder();

/** The name of a header behind its length, by zigzag and 7 bits a byte. */
function headerName(name: string): Uint8Array {
  const text = encoder.encode(name);
  const length: number[] = [];
  let left = text.length * 2;
  for (; left >= 128; left = Math.floor(left / 128)) length.push(left % 128 | 128);
  return Uint8Array.of(...length, left, ...text);
}

function refuse(what: string, expected: string, kind: string): never {
  throw new TypeError(`Cannot write records: ${what} must be ${expected}, received ${kind}`);
}

function checkKind(
  batch: RecordBatch<unknown>,
  name: string,
  what: string,
  expected: string,
): Column {
  const column = batch.columnAt(batch.indexOf(name));
  const { kind } = column.type;
  const isFit = expected === "text" ? isTextual(kind) : kind === expected;
  if (isFit) return column;
  const wanted = expected === "text" ? "of texts, bytes, numbers or times" : `of type ${expected}`;
  return refuse(`${what} ${JSON.stringify(name)}`, wanted, kind);
}

/** The rows that have a value, where some have none. */
function kept(tombstones: Column | undefined): Int32Array | undefined {
  if (!tombstones) return undefined;
  const { length, values } = tombstones;
  const isKept = (row: number) => !(isValid(tombstones, row) && getBit(values as Uint8Array, row));
  const rows = Array.from({ length }, (_, row) => row).filter(isKept);
  return rows.length === length ? undefined : Int32Array.from(rows);
}

/** Brings rows of batches into kernel memory as the cells that records are made of. */
export class RowCells implements Disposable {
  readonly #layout: RecordLayout;
  readonly #partitioner: Partitioner;
  readonly #columns: StagedColumns;
  readonly #values: ValueWriter | undefined;
  readonly #keys: (ValueWriter & { readonly columns: readonly string[] }) | undefined;
  readonly #names: ReadonlyMap<string, Uint8Array>;
  #schema: Schema | undefined;
  #valueNames: readonly string[] = [];

  /**
   * In the memory of a kernel.
   *
   * @throws {TypeError} when the layout is none that it can be.
   */
  constructor(kernel: Kernel, layout: RecordLayout, partitioner: Partitioner) {
    const { value, headers = {}, tombstone, key, avroKey } = layout;
    if (tombstone !== undefined && key === undefined && avroKey === undefined) {
      throw new TypeError(
        "Cannot make record encoder: tombstones need a key, which they take the value of; name one",
      );
    }
    this.#layout = layout;
    this.#partitioner = partitioner;
    this.#columns = new StagedColumns(kernel);
    if (value.format === "json") this.#values = new JsonValueWriter(kernel, value);
    else if (value.format === "avro") this.#values = new AvroValueWriter(kernel, value);
    if (avroKey) this.#keys = keyWriter(kernel, avroKeySchema(avroKey, key), avroKey.prefix);
    this.#names = new Map(Object.keys(headers).map((name) => [name, headerName(name)]));
  }

  /**
   * The cells of all rows of a batch, valid until the next call.
   *
   * @throws {TypeError} when the batch lacks a column, or one is of another type.
   * @throws {RangeError} for a value that its Avro field does not hold.
   */
  place(batch: RecordBatch<unknown>, nowMs: number): KafkaRows {
    const { timestamp, tombstone, headers = {} } = this.#layout;
    const columns = this.#columns;
    columns.begin();
    const tombstones = tombstone === undefined
      ? undefined
      : checkKind(batch, tombstone, "tombstone", "bool");
    const value = this.#value(batch, tombstones);
    const key = this.#key(batch);
    const headerCells = Object.entries(headers).map(([name, column]) => {
      const cells = columns.cells(checkKind(batch, column, "header", "text"));
      return (): KafkaHeaderCells => ({ ...cells(), name: this.#names.get(name)! });
    });
    const times = timestamp === undefined
      ? undefined
      : columns.column(checkKind(batch, timestamp, "timestamp", "timestamp"));
    const partitions = this.#chosen(batch);
    const gone = tombstones && columns.column(tombstones);
    columns.place();
    return {
      rows: batch.length,
      nowMs,
      value: value(),
      key: key?.(),
      headers: headerCells.map((cells) => cells()),
      times: times?.(),
      tombstones: gone?.(),
      partitions: partitions?.(),
    };
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    for (const each of [this.#columns, this.#values, this.#keys]) each?.[Symbol.dispose]();
  }

  #value(batch: RecordBatch<unknown>, tombstones: Column | undefined): () => KafkaCells {
    const { value } = this.#layout;
    if (value.format === "raw") {
      return this.#columns.cells(checkKind(batch, value.column, "value", "text"));
    }
    const names = this.#namesOf(batch);
    const rows = value.format === "avro" ? kept(tombstones) : undefined;
    if (!rows) return this.#written(this.#values!.write(columnsOf(batch, names)));
    // fields that hold no null are null in the rows that have no value
    const cells = this.#values!.write(columnsOf(batch.take(rows), names));
    const cellOf = new Int32Array(batch.length).fill(-1);
    rows.forEach((row, cell) => cellOf[row] = cell);
    const indices = this.#columns.column({ ...NO_NULLS, length: batch.length, values: cellOf });
    return () => ({ ...cells, indices: indices().values, entries: rows.length });
  }

  #written(cells: KafkaCells): () => KafkaCells {
    return () => cells;
  }

  #key(batch: RecordBatch<unknown>): (() => KafkaCells) | undefined {
    const { key } = this.#layout;
    if (!this.#keys) {
      return key === undefined
        ? undefined
        : this.#columns.cells(checkKind(batch, key, "key", "text"));
    }
    if (key === undefined) {
      return this.#written(this.#keys.write(columnsOf(batch, this.#keys.columns)));
    }
    // a null is no key, and no value that the schema would have to hold
    const { schema: { fields: [{ type }] }, columns: [column], length } = columnsOf(batch, [key]);
    const whole: Column = { ...column, nullCount: 0, validity: undefined };
    const isNull = column.nullCount > 0;
    const schema = { fields: [{ name: "key", type }] };
    const cells = this.#keys.write({ schema, columns: [whole], length });
    const valid = isNull
      ? this.#columns.column({ ...NO_NULLS, length, values: column.validity! })
      : undefined;
    return () => ({ ...cells, valid: valid?.().values ?? 0 });
  }

  #chosen(batch: RecordBatch<unknown>): (() => KafkaColumn) | undefined {
    const partitioner = this.#partitioner;
    if (partitioner.kind !== "column") return undefined;
    return this.#columns.column(checkKind(batch, partitioner.column, "partition", "i32"));
  }

  #namesOf(batch: RecordBatch<unknown>): readonly string[] {
    const { valueColumns, headers = {}, tombstone } = this.#layout;
    if (valueColumns !== undefined) return valueColumns;
    if (this.#schema === batch.schema) return this.#valueNames;
    const others = new Set([...Object.values(headers), tombstone]);
    this.#schema = batch.schema;
    return this.#valueNames = batch.names.filter((name) => !others.has(name));
  }
}

const NO_NULLS = { type: { kind: "i32" }, nullCount: 0 } as const;

function keyWriter(
  kernel: Kernel,
  { schema, columns }: AvroKeySchema,
  prefix: Uint8Array | undefined,
): ValueWriter & { readonly columns: readonly string[] } {
  const writer = new AvroValueWriter(kernel, { schema, prefix });
  return {
    columns,
    write: (given) => writer.write(given),
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}
