import type { Schema } from "../../batch/schema.ts";
import { widenedField } from "../../batch/widened.ts";
import { avroColumns } from "../../codecs/avro/avro_columns.ts";
import type { AvroSchema } from "../../codecs/avro/avro_type.ts";
import { blockableNdjson, BlockScout } from "../../codecs/block_scout.ts";
import type { NdjsonBlockSpec } from "../../codecs/block_specs.ts";
import type { ColumnTypes } from "../../codecs/typed_columns.ts";
import type { DecodedRecords } from "../records/decoded_records.ts";
import type { KafkaSourceSettings } from "./kafka_source_settings.ts";
import type { ValueColumns } from "./source_plan.ts";

/** The columns of Avro values that are read as some schema. */
export function avroValueColumns(
  reader: AvroSchema,
  { maxRecordBytes, registry }: KafkaSourceSettings,
): ValueColumns {
  const schema = avroColumns(reader);
  const { json: readerSchema } = reader;
  return {
    schema,
    specOf: (wanted) => ({
      ...{ format: "avroMessages", schema: pick(schema, wanted), readerSchema, maxRecordBytes },
      ...(!registry && { writerSchema: readerSchema }),
    }),
  };
}

/** Finds out which columns JSON values have, by the first of them where nobody has said. */
export class JsonScout {
  readonly #way: ReturnType<typeof blockableNdjson>;
  readonly #scout: BlockScout;
  readonly #isGiven: boolean;
  readonly #types: ColumnTypes;
  #hasSeen = false;

  /** A scout that has seen nothing. */
  constructor(name: string, settings: KafkaSourceSettings) {
    const { schema, types, maxRecordBytes, extraKeys, inferenceRows } = settings;
    const given = schema ? { schema } : {};
    const options = {
      ...{ ...given, maxRecordBytes },
      ...(types && { types }),
      ...(extraKeys && { extraKeys }),
    };
    this.#types = types ?? {};
    this.#way = blockableNdjson(name, options);
    this.#scout = new BlockScout(this.#way, { ...given, inferenceRows } as never);
    this.#isGiven = schema !== undefined;
  }

  /** Whether it has seen enough. */
  get isReady(): boolean {
    return this.#scout.isReady;
  }

  /** Whether it has seen any record. */
  get hasSeen(): boolean {
    return this.#hasSeen;
  }

  /** Looks at some records. */
  look(records: DecodedRecords): void {
    this.#hasSeen = true;
    if (this.#isGiven) return;
    const { bytes, starts } = records.valueLines();
    for (let row = 0; row < records.count && !this.isReady; row++) {
      const line = bytes.slice(starts[row], starts[row + 1]);
      // what is bad tells nothing, and must not count for one that does
      if (isObject(line)) this.#scout.look(line);
    }
  }

  /** What is known now; `undefined`: no columns could be inferred from any record. */
  found(): ValueColumns | undefined {
    const found = this.#scout.found();
    if (!found) return undefined;
    if (this.#isGiven) return this.#columns(found.schema);
    // a topic goes on for ever, and how much of it comes in time differs from reader to reader
    const fields = found.schema.fields.map((field) =>
      Object.hasOwn(this.#types, field.name) ? field : widenedField(field)
    );
    return this.#columns({ fields });
  }

  #columns(schema: Schema): ValueColumns {
    const { specOf, wantsAll } = this.#way;
    const names = schema.fields.map(({ name }) => name);
    return {
      schema,
      specOf: (wanted) =>
        specOf(wantsAll ? schema : pick(schema, wanted), names) as NdjsonBlockSpec,
    };
  }

  /** What tells only why records have no columns. */
  get rejecting(): ValueColumns {
    return { schema: { fields: [] }, specOf: () => this.#scout.rejecting as NdjsonBlockSpec };
  }
}

function isObject(line: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function pick(schema: Schema, wanted: ReadonlySet<string> | undefined): Schema {
  return wanted ? { fields: schema.fields.filter(({ name }) => wanted.has(name)) } : schema;
}
