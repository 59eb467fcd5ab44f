import { type DataType, decimal, type Field } from "./schema.ts";

/** The extension name under which a mixed column travels as binary. */
export const MIXED_EXTENSION = "waggle.mixed";
/** The key of a field's metadata that names an extension, as Arrow has it. */
export const EXTENSION_KEY = "ARROW:extension:name";
/** The key of a field's metadata that says how i64 stands in rows. */
export const AS_KEY = "waggle:as";

/** Arrow's numbers for its types, as in its format and in npm:@uwdata/flechette. */
export const ArrowId = {
  dictionary: -1,
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  list: 12,
  struct: 13,
  fixedSizeBinary: 15,
  fixedSizeList: 16,
  map: 17,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
  binaryView: 23,
  utf8View: 24,
} as const;

const OTHER_NAMES: Readonly<Record<number, string>> = {
  11: "interval",
  14: "union",
  18: "duration",
  22: "run-end encoded",
  25: "list view",
  26: "large list view",
};

/** An Arrow type, as far as reading needs it. */
export interface ArrowType {
  readonly typeId: number;
  readonly bitWidth?: number;
  readonly signed?: boolean;
  readonly precision?: number;
  readonly scale?: number;
  readonly unit?: number;
  readonly stride?: number;
  readonly dictionary?: ArrowType;
  readonly children?: readonly ArrowField[];
}

/** An Arrow field, as far as reading needs it. */
export interface ArrowField {
  readonly name: string;
  readonly type: ArrowType;
  readonly nullable?: boolean;
  readonly metadata?: ReadonlyMap<string, string> | null;
}

/** @throws {RangeError} that says why something of Arrow cannot be read. */
export function refuse(why: string): never {
  throw new RangeError(why);
}

function intType({ bitWidth, signed }: ArrowType, field: ArrowField): DataType {
  if (bitWidth! < 32 || bitWidth === 32 && signed) return { kind: "i32" };
  const asNumber = bitWidth === 32 || field.metadata?.get(AS_KEY) === "number";
  return asNumber ? { kind: "i64", as: "number" } : { kind: "i64" };
}

function isText(type: ArrowType): boolean {
  return [ArrowId.utf8, ArrowId.largeUtf8, ArrowId.utf8View].includes(type.typeId as 5);
}

/**
 * The column type that holds an Arrow field.
 *
 * @throws {RangeError} when none does.
 */
function typeFromArrow(field: ArrowField, type: ArrowType = field.type): DataType {
  switch (type.typeId) {
    case ArrowId.null:
      return { kind: "mixed" };
    case ArrowId.bool:
      return { kind: "bool" };
    case ArrowId.int:
      return intType(type, field);
    case ArrowId.float:
      return { kind: type.precision === 2 ? "f64" : "f32" };
    case ArrowId.decimal:
      return decimalType(type);
    case ArrowId.date:
      return { kind: "date" };
    case ArrowId.time:
      return { kind: "time" };
    case ArrowId.timestamp:
      return { kind: "timestamp" };
    case ArrowId.utf8:
    case ArrowId.largeUtf8:
    case ArrowId.utf8View:
      return { kind: "utf8" };
    case ArrowId.binary:
    case ArrowId.largeBinary:
    case ArrowId.binaryView:
    case ArrowId.fixedSizeBinary:
      return { kind: field.metadata?.get(EXTENSION_KEY) === MIXED_EXTENSION ? "mixed" : "bytes" };
    case ArrowId.dictionary:
      return isText(type.dictionary!) ? { kind: "dict" } : typeFromArrow(field, type.dictionary);
    default:
      return nestedFromArrow(type);
  }
}

function nestedFromArrow({ typeId, children }: ArrowType): DataType {
  switch (typeId) {
    case ArrowId.list:
    case ArrowId.largeList:
    case ArrowId.fixedSizeList:
      return { kind: "list", item: typeFromArrow(children![0]) };
    case ArrowId.struct:
      return { kind: "struct", fields: children!.map(fieldFromArrow) };
    case ArrowId.map: {
      const [key, value] = children![0].type.children!;
      if (!isText(key.type)) refuse("the keys of a map must be strings");
      return { kind: "map", value: typeFromArrow(value) };
    }
    default:
      return refuse(
        `no column type holds Arrow's ${OTHER_NAMES[typeId] ?? `type ${typeId}`}; cast it first`,
      );
  }
}

function decimalType({ precision, scale, bitWidth }: ArrowType): DataType {
  if (scale! < 0 || precision! > 38) {
    refuse(
      `decimal${bitWidth}(${precision}, ${scale}) is beyond decimal(38, 0 to 38); cast it first`,
    );
  }
  return decimal(precision!, scale!);
}

/** A field of the schema for an Arrow field. */
export function fieldFromArrow(field: ArrowField): Field {
  const type = typeFromArrow(field);
  const { name, nullable } = field;
  return nullable === false ? { name, type, nullable } : { name, type };
}
