import { defaultBranch } from "./avro_defaults.ts";
import { type AvroType, avroTypeName } from "./avro_type.ts";
import { ByteWriter } from "./byte_writer.ts";

/** The most values within a default, and the deepest nesting of them. */
const MOST_VALUES = 65_536;
const MOST_NESTED = 512;

/** The bytes of a text of the characters 0 to 255. */
function latinBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Where a default is written to. Those of records can hold others, in endlessly many ways. */
class DefaultWriter extends ByteWriter {
  depth = 0;
  values = 0;
}

/**
 * A default as Avro writes a value of its type; it was checked to be one.
 *
 * @throws {TypeError} when it holds too many other defaults, or too deep ones.
 */
export function writeDefault(type: AvroType, value: unknown): Uint8Array<ArrayBuffer> {
  const writer = new DefaultWriter();
  write(writer, type, value);
  return writer.take();
}

function write(to: DefaultWriter, type: AvroType, value: unknown): void {
  if (++to.values > MOST_VALUES || ++to.depth > MOST_NESTED) {
    throw new TypeError(
      `Cannot use a default of Avro type ${avroTypeName(type).slice(0, 100)}: with the defaults ` +
        `within it has more than ${MOST_VALUES} values or ${MOST_NESTED} levels; give a smaller one`,
    );
  }
  writeValue(to, type, value);
  to.depth--;
}

function writeValue(to: DefaultWriter, type: AvroType, value: unknown): void {
  switch (type.type) {
    case "null":
      return;
    case "boolean":
      return to.byte(value ? 1 : 0);
    case "int":
    case "long":
      return to.whole(value as number);
    case "float":
      return to.float(Number(value));
    case "double":
      return to.double(Number(value));
    case "string":
      return to.text(value as string);
    case "bytes":
      return to.bytes(latinBytes(value as string));
    case "fixed":
      return to.fixed(latinBytes(value as string));
    case "enum":
      return to.whole(type.symbols.indexOf(value as string));
    case "record":
      return type.fields.forEach(({ name, type: inner, default: given }) => {
        const fields = value as Record<string, unknown>;
        write(to, inner, Object.hasOwn(fields, name) ? fields[name] : given!.value);
      });
    case "union": {
      const branch = defaultBranch(type.branches, value);
      to.whole(branch);
      return write(to, type.branches[branch], value);
    }
  }
  writeItems(to, type, value as object);
}

function writeItems(
  to: DefaultWriter,
  type: AvroType & { type: "array" | "map" },
  value: object,
): void {
  const entries = Object.entries(value);
  if (entries.length > 0) to.whole(entries.length);
  for (const [key, item] of entries) {
    if (type.type === "map") to.text(key);
    write(to, type.type === "map" ? type.values : type.items, item);
  }
  to.byte(0);
}
