import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import { sameType, typeName } from "../batch/schema_check.ts";

const REMEDY = "all need the same columns of the same types: give them one schema";

/** A source's columns, with its name for messages. */
export interface SourceColumns {
  readonly source: string;
  readonly schema: Schema;
}

/** Puts the columns of a source in the order of those of all. */
export class ColumnOrder {
  readonly #source: string;
  /** How the columns of the last batch were put in order, by its schema. */
  #order: { readonly of: Schema; readonly places: readonly number[] } | undefined;

  /** Of the source of that name. */
  constructor(source: string) {
    this.#source = source;
  }

  /**
   * The batch with its columns in order.
   *
   * @throws {TypeError} when it has others, or of other types.
   */
  ordered(batch: RecordBatch, columns: SourceColumns): RecordBatch {
    if (this.#order?.of !== batch.schema) {
      const own = { source: this.#source, schema: batch.schema };
      this.#order = { of: batch.schema, places: placesOf(columns, own) };
    }
    const { places } = this.#order;
    if (places.every((place, at) => place === at)) return batch;
    const { schema } = columns;
    return new RecordBatch(schema, places.map((place) => batch.columnAt(place)), batch.length);
  }
}

/**
 * Where each of the columns stands in the other source's batches.
 *
 * @throws {TypeError} when that has others, or of other types.
 */
export function placesOf(columns: SourceColumns, other: SourceColumns): number[] {
  const extra = other.schema.fields.find(({ name }) => !fieldOf(columns, name));
  if (extra) throw missing(extra, { has: other, lacks: columns });
  return columns.schema.fields.map((field) => {
    const found = fieldOf(other, field.name);
    if (!found) throw missing(field, { has: columns, lacks: other });
    const isSame = sameType(field.type, found.type) &&
      (field.nullable ?? true) === (found.nullable ?? true);
    if (isSame) return other.schema.fields.indexOf(found);
    throw new TypeError(
      `Cannot unite ${columns.source} and ${other.source}: the column ` +
        `${JSON.stringify(field.name)} is ${typeOf(field)} in the former and ${typeOf(found)} in ` +
        `the latter; ${REMEDY}`,
    );
  });
}

function typeOf({ type, nullable }: Field): string {
  return typeName(type) + (nullable === false ? " not null" : "");
}

function fieldOf({ schema }: SourceColumns, name: string): Field | undefined {
  return schema.fields.find((field) => field.name === name);
}

function missing(
  field: Field,
  { has, lacks }: { has: SourceColumns; lacks: SourceColumns },
): TypeError {
  const which = has.source === lacks.source ? "one of them" : "the latter";
  return new TypeError(
    `Cannot unite ${has.source} and ${lacks.source}: ${which} has no column ` +
      `${JSON.stringify(field.name)}; ${REMEDY}`,
  );
}
