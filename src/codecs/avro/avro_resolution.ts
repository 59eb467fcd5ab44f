import type { AvroEnum, AvroField, AvroRecord, AvroType } from "./avro_type.ts";
import { avroTypeName } from "./avro_type.ts";

/** What a type may be read as, other than itself (Avro 1.12, "Schema Resolution"). */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

/** A name without its namespace. */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

type Named = { readonly name: string; readonly aliases: readonly string[] };

function namesAgree(writer: Named, reader: Named): boolean {
  const name = shortName(writer.name);
  return [reader.name, ...reader.aliases].some((each) => shortName(each) === name);
}

function logicalName(type: AvroType): string | undefined {
  const logical = "logical" in type ? type.logical : undefined;
  if (logical?.name !== "decimal") return logical?.name;
  return `decimal of scale ${logical.scale}`;
}

/**
 * Why what was written as one type cannot be read as another, unions and parts aside; `undefined`
 * when it can.
 */
export function resolutionFault(writer: AvroType, reader: AvroType): string | undefined {
  if (writer === reader) return undefined;
  const as = `${avroTypeName(writer)} cannot be read as ${avroTypeName(reader)}`;
  if (writer.type !== reader.type) {
    return PROMOTIONS[writer.type]?.includes(reader.type) ? undefined : as;
  }
  if ("name" in writer && "name" in reader && !namesAgree(writer, reader)) {
    return `${as}, since the names differ`;
  }
  if (writer.type === "fixed" && reader.type === "fixed" && writer.size !== reader.size) {
    return `${as}, since it has ${writer.size} bytes and not ${reader.size}`;
  }
  const [before, after] = [logicalName(writer), logicalName(reader)];
  if (before === after || before === undefined || after === undefined) return undefined;
  return `${before} cannot be read as ${after}`;
}

/**
 * The writer's field that a reader's field is read from: the one of its name, or else of one of its
 * aliases.
 */
export function writersField(writer: AvroRecord, field: AvroField): AvroField | undefined {
  for (const name of [field.name, ...field.aliases]) {
    const found = writer.fields.find((each) => each.name === name);
    if (found) return found;
  }
  return undefined;
}

/** The reader's numbers of the writer's symbols; -1 where it has neither the symbol nor a default. */
export function symbolTable(writer: AvroEnum, reader: AvroEnum): Int32Array {
  const numbers = new Map(reader.symbols.map((symbol, at) => [symbol, at]));
  const other = reader.default === undefined ? -1 : numbers.get(reader.default)!;
  return Int32Array.from(writer.symbols, (symbol) => numbers.get(symbol) ?? other);
}

/** What is known of records; few definitions can be looked through in endlessly many ways. */
const emptyRecords = new WeakMap<AvroRecord, boolean>();

/** Whether values of a type take no bytes. */
export function isEmpty(type: AvroType): boolean {
  if (type.type === "record") return emptyRecords.get(type) ?? lookThrough(type);
  return type.type === "null" || type.type === "fixed" && type.size === 0;
}

function lookThrough(record: AvroRecord): boolean {
  // No recursion: records can refer to each other in a chain as long as the schema.
  const open = [record];
  const seen = new Set(open);
  while (open.length > 0) {
    const last = open[open.length - 1];
    const unknown = last.fields.find(({ type }) =>
      type.type === "record" && !emptyRecords.has(type) && !seen.has(type)
    );
    if (unknown) {
      open.push(unknown.type as AvroRecord);
      seen.add(unknown.type as AvroRecord);
      continue;
    }
    // one that is still open contains this one by way of a union, an array or a map
    const isLastEmpty = last.fields.every(({ type }) =>
      type.type === "record" ? emptyRecords.get(type) ?? false : isEmpty(type)
    );
    emptyRecords.set(last, isLastEmpty);
    open.pop();
  }
  return emptyRecords.get(record)!;
}
