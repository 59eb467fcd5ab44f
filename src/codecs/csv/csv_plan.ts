import type { Field } from "../../batch/schema.ts";
import {
  CsvKind,
  type CsvKindName,
  type CsvMarks,
  type CsvReaderColumn,
  type CsvReaderPlan,
  NO_BYTE,
} from "../../kernel/csv_types.ts";
import type { CsvBlockSpec } from "../block_specs.ts";
import { isText } from "../text_values.ts";

const encoder = new TextEncoder();

function byteOf(character: string | null | undefined): number {
  return character ? character.charCodeAt(0) : NO_BYTE;
}

/** The bytes that mean something in a dialect. */
export function marksOf(
  { separator = ",", quote = '"', comment }: Pick<CsvBlockSpec, "separator" | "quote" | "comment">,
): CsvMarks {
  return { separator: byteOf(separator), quote: byteOf(quote), comment: byteOf(comment) };
}

function isCsvKind(kind: string): kind is CsvKindName {
  return kind in CsvKind;
}

function columnOf(
  { name, type, nullable = true }: Field,
  source: number,
  { emptyStrings = "quoted", nullValues = [] }: CsvBlockSpec,
): CsvReaderColumn {
  if (!isCsvKind(type.kind)) {
    throw new TypeError(`Cannot read CSV: column ${JSON.stringify(name)} cannot be ${type.kind}`);
  }
  const shape = type.kind === "decimal" ? { precision: type.precision, scale: type.scale } : {};
  return {
    kind: type.kind,
    ...shape,
    source,
    required: !nullable,
    keepsPlain: isText(type) && emptyStrings === "keep" && !nullValues.includes(""),
    keepsQuoted: isText(type) && emptyStrings !== "null",
  };
}

/** What the kernel has to know to read records as plain data say. */
export function csvPlan(spec: CsvBlockSpec): CsvReaderPlan {
  const { schema, names, nullValues = [], maxColumns, maxRecordBytes } = spec;
  const sources = new Map(names.map((name, at) => [name, at]));
  return {
    ...marksOf(spec),
    trims: spec.trim ?? false,
    skipsEmpty: (spec.emptyLines ?? "skip") === "skip",
    pads: spec.raggedRows === "pad",
    replaces: spec.invalidUtf8 === "replace",
    fields: names.length,
    maxColumns,
    maxRecordBytes,
    columns: schema.fields.map((field) => columnOf(field, sources.get(field.name)!, spec)),
    // UTF-8 has no other texts.
    nullTexts: nullValues.filter((text) => text.isWellFormed()).map((text) => encoder.encode(text)),
  };
}
