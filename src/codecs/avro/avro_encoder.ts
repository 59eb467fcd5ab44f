import type { Column } from "../../batch/column.ts";
import { isValid, valueAt } from "../../batch/column_reader.ts";
import { columnOf } from "../../batch/column_of.ts";
import { show } from "../../batch/misfit.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { sameFields } from "../../batch/schema_check.ts";
import type { Schema } from "../../batch/schema.ts";
import { type AvroWriteFault, AvroWriter, type AvroWriteSource } from "../../kernel/avro_writer.ts";
import { create, type Kernel } from "../../kernel/kernel.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { checkBatch, checkWord } from "../option_checks.ts";
import type { AvroSchema } from "./avro_type.ts";
import { parseAvroSchema } from "./parse_avro_schema.ts";
import { planWriting, type WriteStep } from "./write_plan.ts";

/** Options of {@linkcode AvroEncoder}. */
export interface AvroEncoderOptions {
  /** What a column means that the Avro schema has no field for: an error (default), or nothing. */
  extraColumns?: "error" | "ignore";
  /** The most memory that its kernel may take, in bytes. Default 1 GiB. */
  budgetBytes?: number;
}

const OPTIONS: OptionRule<AvroEncoderOptions> = {
  doing: "make Avro encoder",
  names: { extraColumns: true, budgetBytes: true },
};

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

/**
 * Encodes record batches as Avro records, in the kernel.
 *
 * Columns go to the fields of their names; a field without a column has its default. Numbers go to
 * `float` and `double` by rounding to the nearest, and to `int` and `long` when they are whole and
 * in range; else it is an error that names row and field.
 *
 * @example
 * ```ts
 * import { AvroEncoder, RecordBatch } from "@waggle/stream";
 *
 * using encoder = new AvroEncoder({
 *   type: "record",
 *   name: "Customer",
 *   fields: [{ name: "id", type: "string" }, { name: "age", type: "int" }],
 * });
 * const { bytes, offsets } = encoder.encode(RecordBatch.fromRows([{ id: "ann", age: 34 }]));
 * console.log(bytes.subarray(offsets[0], offsets[1])); // [6, 97, 110, 110, 68]
 * ```
 */
export class AvroEncoder implements Disposable {
  /** What it writes. */
  readonly schema: AvroSchema;
  readonly #extraColumns: "error" | "ignore";
  readonly #kernel: Kernel;
  #plan: Plan | undefined;

  /**
   * An encoder of one schema.
   *
   * @throws {TypeError} when the schema or an option is none that it can be.
   */
  constructor(schema: AvroSchema | string | object, options: AvroEncoderOptions = {}) {
    const { extraColumns = "error", budgetBytes } = knownOptions(options, OPTIONS);
    this.#extraColumns = checkWord(
      "extraColumns",
      extraColumns,
      ["error", "ignore"],
      OPTIONS.doing,
    );
    this.schema = schemaOf(schema);
    const remedy = "raise budgetBytes, or encode fewer rows at a time";
    this.#kernel = create(budgetBytes === undefined ? { remedy } : { budgetBytes, remedy });
  }

  /**
   * Encodes a batch. What it gives lies in kernel memory and is valid until the next call.
   *
   * @throws {UnsupportedAvroError} when the schema has a type that no column can be.
   * @throws {TypeError} when columns and fields do not go together.
   * @throws {RangeError} for a value that its field does not hold.
   */
  encode(batch: RecordBatch<unknown>): EncodedAvro {
    checkBatch(batch, "encode Avro");
    const { steps, writer } = this.#planFor(batch.schema);
    const sources = steps.map((step) => sourceOf(step, batch.columns));
    const written = writer.write(sources, batch.length);
    if ("bytes" in written) return written;
    throw faultOf(written, steps, batch.columns);
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#plan?.[Symbol.dispose]();
    this.#plan = undefined;
  }

  #planFor(schema: Schema): Plan {
    const known = this.#plan;
    if (known && (known.schema === schema || sameFields(known.schema.fields, schema.fields))) {
      return known;
    }
    const steps = planWriting(this.schema, schema, { extraColumns: this.#extraColumns });
    this[Symbol.dispose]();
    const writer = new AvroWriter(this.#kernel, steps);
    this.#plan = { schema, steps, writer, [Symbol.dispose]: () => writer[Symbol.dispose]() };
    return this.#plan;
  }
}

/** A schema that was parsed, or is to be. */
export function schemaOf(schema: AvroSchema | string | object): AvroSchema {
  const isParsed = typeof schema === "object" && "named" in schema && schema.named instanceof Map;
  return isParsed ? schema as AvroSchema : parseAvroSchema(schema);
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
