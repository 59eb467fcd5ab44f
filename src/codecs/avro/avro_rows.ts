import type { Column } from "../../batch/column.ts";
import { isValid, valueAt } from "../../batch/column_reader.ts";
import { columnOf } from "../../batch/column_of.ts";
import { show } from "../../batch/misfit.ts";
import { sameFields } from "../../batch/schema_check.ts";
import type { Schema } from "../../batch/schema.ts";
import { type AvroWriteFault, AvroWriter, type AvroWriteSource } from "../../kernel/avro_writer.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { AvroSchema } from "./avro_type.ts";
import { planWriting, type WriteStep } from "./write_plan.ts";

/** A batch as Avro records. */
export interface EncodedAvro {
  /** All records, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each record begins, and the last one ends: one more than there are records. */
  readonly offsets: Uint32Array<ArrayBuffer>;
}

/** A plan for batches of one schema. */
interface Plan extends Disposable {
  readonly schema: Schema;
  readonly steps: readonly WriteStep[];
  readonly writer: AvroWriter;
}

/** Columns of a schema. */
export interface AvroColumns {
  /** Names and types. */
  readonly schema: Schema;
  /** The columns. */
  readonly columns: readonly Column[];
  /** How many rows. */
  readonly length: number;
}

/** Writes rows as Avro records into the memory of a kernel that it is given. */
export class AvroRows implements Disposable {
  readonly #kernel: Kernel;
  readonly #avro: AvroSchema;
  readonly #extraColumns: "error" | "ignore";
  #plan: Plan | undefined;

  /** For records of one Avro schema. */
  constructor(kernel: Kernel, avro: AvroSchema, extraColumns: "error" | "ignore") {
    this.#kernel = kernel;
    this.#avro = avro;
    this.#extraColumns = extraColumns;
  }

  /**
   * Writes rows. What it gives lies in kernel memory and is valid until the next call.
   *
   * @throws {UnsupportedAvroError} when the schema has a type that no column can be.
   * @throws {TypeError} when columns and fields do not go together.
   * @throws {RangeError} for a value that its field does not hold.
   */
  write({ schema, columns, length }: AvroColumns): EncodedAvro {
    const { steps, writer } = this.#planFor(schema);
    const sources = steps.map((step) => sourceOf(step, columns));
    const written = writer.write(sources, length);
    if ("bytes" in written) return written;
    throw faultOf(written, steps, columns);
  }

  /** Gives the kernel memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#plan?.[Symbol.dispose]();
    this.#plan = undefined;
  }

  #planFor(schema: Schema): Plan {
    const known = this.#plan;
    if (known && (known.schema === schema || sameFields(known.schema.fields, schema.fields))) {
      return known;
    }
    const steps = planWriting(this.#avro, schema, { extraColumns: this.#extraColumns });
    this[Symbol.dispose]();
    const writer = new AvroWriter(this.#kernel, steps);
    this.#plan = { schema, steps, writer, [Symbol.dispose]: () => writer[Symbol.dispose]() };
    return this.#plan;
  }
}

function columnOfStep(from: readonly number[], columns: readonly Column[]): Column {
  const [first, ...others] = from;
  return others.reduce((column, child) => column.children![child], columns[first]);
}

/** Numbers of symbols by dictionary entry; dictionaries stay the same for many batches. */
const symbolsOf = new WeakMap<Column, { symbols: readonly string[]; ids: Int32Array }>();

function symbolIds(dictionary: Column, symbols: readonly string[]): Int32Array {
  const known = symbolsOf.get(dictionary);
  if (known?.symbols === symbols) return known.ids;
  const positions = new Map(symbols.map((symbol, at) => [symbol, at]));
  const ids = Int32Array.from(
    { length: dictionary.length },
    (_, id) => positions.get(valueAt(dictionary, id) as string) ?? -1,
  );
  symbolsOf.set(dictionary, { symbols, ids });
  return ids;
}

function sourceOf(step: WriteStep, columns: readonly Column[]): AvroWriteSource | undefined {
  if (step.from === undefined) return undefined;
  const column = columnOfStep(step.from, columns);
  if (step.kind === "enum") {
    const dict = column.type.kind === "dict" ? column : dictOf(column);
    return { column: dict, symbols: symbolIds(dict.children![0], step.symbols!) };
  }
  return { column };
}

/** A column of texts as one with a dictionary. */
function dictOf(column: Column): Column {
  const texts = Array.from({ length: column.length }, (_, row) => valueAt(column, row));
  return columnOf({ kind: "dict" }, texts);
}

/** The row of the batch that an item of an array or a map is in. */
function rowOfItem(path: readonly number[], row: number, columns: readonly Column[]): number {
  for (let length = 1; length < path.length; length++) {
    const { type, offsets } = columnOfStep(path.slice(0, length), columns);
    if (type.kind !== "list" && type.kind !== "map") continue;
    let at = 0;
    while (offsets![at + 1] <= row) at++;
    return at;
  }
  return row;
}

function faultOf(
  { op, row, isNull }: AvroWriteFault,
  steps: readonly WriteStep[],
  columns: readonly Column[],
): RangeError {
  const { path, expected, from, kind } = steps[op];
  const column = columnOfStep(from!, columns);
  const isThere = isValid(column, row);
  const received = isNull || !isThere ? "null" : show(valueAt(column, row));
  const fix = isNull
    ? 'make the field a union with "null", or fill the nulls'
    : kind === "enum"
    ? "add the symbol to the enum, or make the field a string"
    : "give the field a type that holds it, or correct the row";
  return new RangeError(
    `Cannot encode Avro: row ${rowOfItem(from!, row, columns)}, field ${JSON.stringify(path)}: ` +
      `expected ${expected}, received ${received}; ${fix}`,
  );
}
