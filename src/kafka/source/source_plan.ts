import type { Field, Schema } from "../../batch/schema.ts";
import type {
  AvroMessagesSpec,
  FramedBlockSpec,
  NdjsonBlockSpec,
} from "../../codecs/block_specs.ts";
import type { KafkaSourceSettings } from "./kafka_source_settings.ts";
import { NULLS, type RecordColumn, recordColumns } from "./record_columns.ts";

/** What the values of records are, once it is known. */
export interface ValueColumns {
  /** All columns of values. */
  readonly schema: Schema;
  /** What makes columns of them, of those that are wanted; absent: they stand beside. */
  readonly specOf?: (
    wanted: ReadonlySet<string> | undefined,
  ) => NdjsonBlockSpec | AvroMessagesSpec;
}

/** What rows of a source are, and how they are made. */
export interface SourcePlan {
  /** All columns. */
  readonly schema: Schema;
  /** What makes those that are wanted of blocks. */
  readonly decoder: FramedBlockSpec;
  /** Those that are made beside values. */
  readonly columns: readonly RecordColumn[];
}

/**
 * Puts the columns of values and those of records together.
 *
 * @param wanted The columns that are asked for; absent: all.
 * @throws {TypeError} when two have one name, or a column takes no nulls where it has to.
 */
export function sourcePlan(
  { schema, specOf }: ValueColumns,
  settings: KafkaSourceSettings,
  { name, wanted }: { readonly name: string; readonly wanted: ReadonlySet<string> | undefined },
): SourcePlan {
  const { keepsTombstones, values, columns: given, maxRecordBytes } = settings;
  const marksNulls = keepsTombstones && values === "json";
  const all = recordColumns(given, { values, marksNulls });
  const nulls = marksNulls ? given.tombstoneColumn ?? NULLS : undefined;
  const named = all.map(({ field }) => field).filter((field) => field.name !== NULLS);
  const valueFields = schema.fields.map((field) => nullable(field, settings, name));
  checkNames(valueFields, named, name);
  const fields = [...valueFields, ...named];
  const isWanted = (field: Field) => !wanted || wanted.has(field.name);
  const columns = all.filter(({ field }) => isWanted(field) || field.name === nulls);
  return {
    schema: { fields },
    columns,
    decoder: {
      format: "framed",
      schema: { fields: fields.filter(isWanted) },
      maxRecordBytes,
      ...(specOf && { values: specOf(wanted) }),
      ...(nulls !== undefined && { nulls }),
    },
  };
}

function nullable(field: Field, { keepsTombstones }: KafkaSourceSettings, name: string): Field {
  if (!keepsTombstones) return field;
  if (field.nullable !== false) return field;
  throw new TypeError(
    `Cannot read ${name}: the column ${JSON.stringify(field.name)} takes no nulls, and records ` +
      `without a value are to be rows; let it take nulls, or pass tombstones: "skip"`,
  );
}

function checkNames(values: readonly Field[], columns: readonly Field[], name: string): void {
  const names = new Set(values.map((field) => field.name));
  const twice = columns.find((field) => names.has(field.name));
  if (!twice) return;
  throw new TypeError(
    `Cannot read ${name}: values have a column ${
      JSON.stringify(twice.name)
    }, and what belongs to ` +
      `the record is to have the same name; give it another one (keyColumn, offsetColumn, …)`,
  );
}
