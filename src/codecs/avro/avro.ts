/**
 * Avro of any type: `@waggle/stream/avro`.
 *
 * The kernel reads and writes records of plain values, of arrays and maps of them, and of records.
 * What it does not take (unions of several types, records in arrays, records that contain
 * themselves, schemas that are no record) goes through npm:avsc. That makes code from schemas, so
 * this module does not load under `--disallow-code-generation-from-strings`, and it is slower.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import avsc from "avsc";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { BATCH_ROWS, MAX_RECORD_BYTES } from "../limits.ts";
import { checkChunk, checkPositive, checkWord } from "../option_checks.ts";
import { AnyBlockDecoder } from "./any/any_block_decoder.ts";
import { anyAvroColumns } from "./any/any_columns.ts";
import { AnyEncoder, type ValueWriter } from "./any/any_encoder.ts";
import { bufferOf } from "./any/any_values.ts";
import type { AvroBlockSpec } from "../block_specs.ts";
import { AvroDataError } from "./avro_decoder.ts";
import { schemaOf } from "./avro_encoder.ts";
import type { AvroEngine, AvroRecordEncoder } from "./avro_engine.ts";
import type { AvroSchema } from "./avro_type.ts";
import { parseAvroSchema } from "./parse_avro_schema.ts";

export { anyAvroColumns };

/** 64-bit integers as `bigint`. */
const longType = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint" && BigInt.asIntN(64, value) === value,
  compare: (a: bigint, b: bigint) => a < b ? -1 : a > b ? 1 : 0,
});

function isLong(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return schema === "long";
  return (schema as { type?: unknown }).type === "long";
}

/**
 * A schema as npm:avsc has it.
 *
 * @throws {TypeError} when it does not take it.
 */
function avscType({ json, named }: AvroSchema): avsc.Type {
  for (const type of named.values()) {
    if (type.type !== "record" || !type.fields.some(({ name }) => name === "__proto__")) continue;
    throw new TypeError(
      `Cannot use Avro schema: npm:avsc does not keep the field __proto__ of ${type.name}; ` +
        "give it another name, with __proto__ among its aliases",
    );
  }
  try {
    return avsc.Type.forSchema(JSON.parse(json), {
      wrapUnions: true,
      noAnonymousTypes: false,
      typeHook: (schema: unknown) => isLong(schema) ? longType : undefined,
    } as object);
  } catch (cause) {
    const reason = `npm:avsc does not take it: ${(cause as Error).message}; simplify it`;
    throw new TypeError(`Cannot use Avro schema: ${reason}`, { cause });
  }
}

function readerOf(writer: AvroSchema, reader: AvroSchema): (bytes: Uint8Array) => unknown {
  const type = avscType(reader);
  if (reader.json === writer.json) return (bytes) => type.fromBuffer(bufferOf(bytes));
  try {
    const resolver = type.createResolver(avscType(writer));
    return (bytes) => type.fromBuffer(bufferOf(bytes), resolver);
  } catch (cause) {
    throw new TypeError(
      `Cannot read Avro by another schema: ${(cause as Error).message}; give the fields of the ` +
        "reader's schema types that those of the writer's can be read as, or defaults",
      { cause },
    );
  }
}

function writerOf(type: avsc.Type): ValueWriter {
  return {
    write: (value) => type.toBuffer(value),
    misfit: (value) => {
      let found: { path: string; value: unknown; expected: string } | undefined;
      const errorHook = (path: string[], given: unknown, expected: avsc.Type) => {
        found ??= { path: path.join("."), value: given, expected: `${expected.typeName}` };
      };
      return type.isValid(value, { errorHook } as object)
        ? undefined
        : found ?? { path: "", value, expected: type.typeName };
    },
  };
}

/**
 * What reads and writes records of any type in Avro files, given to `AvroFileDecoder` or
 * `AvroFileEncoder` as their `engine`.
 *
 * @example
 * ```ts
 * import { AvroFileDecoder, AvroFileEncoder, RecordBatch, schema, types as t } from "@waggle/stream";
 * import { anyAvro } from "@waggle/stream/avro";
 *
 * const avro = {
 *   type: "record",
 *   name: "Reading",
 *   fields: [{ name: "value", type: ["null", "long", "string"] }],
 * };
 * const rows = [{ value: 7n }, { value: "seven" }, { value: null }];
 * const batch = RecordBatch.fromRows(rows, { schema: schema({ value: t.mixed }) });
 * const encoder = new AvroFileEncoder({ schema: avro, engine: anyAvro });
 * const file = [...encoder.push(batch), ...encoder.finish()];
 *
 * const decoder = new AvroFileDecoder({ engine: anyAvro });
 * for (const batch of file.flatMap((bytes) => decoder.push(bytes))) console.log(batch.toRows());
 * // [{ value: 7n }, { value: "seven" }, { value: null }]
 * ```
 */
export const anyAvro: AvroEngine = {
  columns: anyAvroColumns,
  decoder: (spec: AvroBlockSpec): AnyBlockDecoder => {
    const writer = parseAvroSchema(spec.writerSchema);
    const reader = parseAvroSchema(spec.readerSchema ?? spec.writerSchema);
    const types = { writer: writer.type, reader: reader.type };
    return new AnyBlockDecoder(spec, types, readerOf(writer, reader));
  },
  encoder: (schema, { extraColumns = "error" }): AvroRecordEncoder => {
    checkWord("extraColumns", extraColumns, ["error", "ignore"], "make Avro encoder");
    const parsed = schemaOf(schema);
    return new AnyEncoder(parsed, writerOf(avscType(parsed)), extraColumns);
  },
};

/** Options of {@linkcode decodeAnyAvro}. */
export interface AnyAvroOptions {
  /** The Avro schema that records are read as. Default: the one that they were written with. */
  readerSchema?: AvroSchema | string | object;
  /** The columns. Default: those of {@linkcode anyAvroColumns}. */
  schema?: Schema;
  /** A larger record is an error. Default 1 MiB. */
  maxRecordBytes?: number;
}

const OPTIONS: OptionRule<AnyAvroOptions> = {
  doing: "decode Avro",
  names: { readerSchema: true, schema: true, maxRecordBytes: true },
};

/**
 * Decodes records of any type that follow each other.
 *
 * They are looked through before they are made: what a length claims takes no memory.
 *
 * @throws {AvroDataError} for the first that is not what its schema says, or does not fit.
 * @throws {TypeError} when a schema or an option is none that it can be.
 */
export function decodeAnyAvro(
  writerSchema: AvroSchema | string | object,
  bytes: Uint8Array,
  options: AnyAvroOptions = {},
): RecordBatch {
  const { readerSchema = writerSchema, maxRecordBytes = MAX_RECORD_BYTES } = knownOptions(
    options,
    OPTIONS,
  );
  checkChunk(bytes);
  const reader = schemaOf(readerSchema);
  const schema = options.schema ?? anyAvroColumns(reader);
  const decoder = anyAvro.decoder({
    ...{ format: "avro", schema, batchRows: BATCH_ROWS },
    maxRecordBytes: checkPositive("maxRecordBytes", maxRecordBytes),
    ...{ writerSchema: schemaOf(writerSchema).json, readerSchema: reader.json },
  }, {});
  const batches: RecordBatch[] = [];
  let [at, records] = [0, 0];
  do {
    const { batch, bad, end } = decoder.decode(bytes, at);
    if (bad.length > 0) throw new AvroDataError(bad[0], records + bad[0].record);
    batches.push(batch);
    records += batch.length;
    at = end;
  } while (at < bytes.length);
  return RecordBatch.concat(batches);
}
