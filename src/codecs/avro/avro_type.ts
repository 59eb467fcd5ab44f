/** The names of Avro's types that need no more than a name. */
export type AvroPrimitiveName =
  | "null"
  | "boolean"
  | "int"
  | "long"
  | "float"
  | "double"
  | "bytes"
  | "string";

/** What the values of a type mean, beyond how they are written. */
export type AvroLogicalType =
  | { readonly name: "decimal"; readonly precision: number; readonly scale: number }
  | {
    readonly name:
      | "uuid"
      | "date"
      | "time-millis"
      | "time-micros"
      | "timestamp-millis"
      | "timestamp-micros"
      | "timestamp-nanos"
      | "local-timestamp-millis"
      | "local-timestamp-micros"
      | "local-timestamp-nanos"
      | "duration";
  };

/** A type without parts. */
export interface AvroPrimitive {
  /** Which one. */
  readonly type: AvroPrimitiveName;
  /** What its values mean. */
  readonly logical?: AvroLogicalType;
}

/** What types with a name of their own have. */
export interface AvroNamed {
  /** The full name, its namespace included. */
  readonly name: string;
  /** Other names under which a writer may know it, in full. */
  readonly aliases: readonly string[];
}

/** A field of a record. */
export interface AvroField {
  /** Distinct within its record. */
  readonly name: string;
  /** Other names under which a writer may know it. */
  readonly aliases: readonly string[];
  /** What it holds. */
  readonly type: AvroType;
  /**
   * What it holds where the writer has no such field, as JSON (bytes as text of the characters 0 to
   * 255, integers beyond 2^53 as `bigint`); absent where there is none.
   */
  readonly default?: { readonly value: unknown };
}

/** Named fields one after the other. */
export interface AvroRecord extends AvroNamed {
  /** What tells it from other types. */
  readonly type: "record";
  /** In the order in which they are written. */
  readonly fields: readonly AvroField[];
}

/** One of some names. */
export interface AvroEnum extends AvroNamed {
  /** What tells it from other types. */
  readonly type: "enum";
  /** Distinct, in the order of their numbers. */
  readonly symbols: readonly string[];
  /** Read in place of a symbol that the reader does not have. */
  readonly default?: string;
}

/** So many bytes. */
export interface AvroFixed extends AvroNamed {
  /** What tells it from other types. */
  readonly type: "fixed";
  /** How many. */
  readonly size: number;
  /** What they mean. */
  readonly logical?: AvroLogicalType;
}

/** Any number of items. */
export interface AvroArray {
  /** What tells it from other types. */
  readonly type: "array";
  /** What each of them is. */
  readonly items: AvroType;
}

/** Texts to values. */
export interface AvroMap {
  /** What tells it from other types. */
  readonly type: "map";
  /** What each of them is. */
  readonly values: AvroType;
}

/** One of several types, none of them a union. */
export interface AvroUnion {
  /** What tells it from other types. */
  readonly type: "union";
  /** In the order of their numbers. */
  readonly branches: readonly AvroType[];
}

/** A type with a name of its own; other types may refer to it, those within it too. */
export type AvroNamedType = AvroRecord | AvroEnum | AvroFixed;

/** An Avro type. A record may hold itself by way of a union, an array or a map. */
export type AvroType = AvroPrimitive | AvroNamedType | AvroArray | AvroMap | AvroUnion;

/** An Avro schema that was checked. */
export interface AvroSchema {
  /** What it describes. */
  readonly type: AvroType;
  /** Its types with a name, in the order of their definitions, by full name. */
  readonly named: ReadonlyMap<string, AvroNamedType>;
  /** As it was given, as JSON, with all that is not needed to read and write. */
  readonly json: string;
}

/** A type for messages: `record Customer`, `array of int`, `union of null and string`. */
export function avroTypeName(type: AvroType): string {
  switch (type.type) {
    case "record":
    case "enum":
    case "fixed":
      return `${type.type} ${type.name}`;
    case "array":
      return `array of ${avroTypeWord(type.items)}`;
    case "map":
      return `map of ${avroTypeWord(type.values)}`;
    case "union":
      return `union of ${type.branches.map(avroTypeWord).join(" and ")}`;
    default:
      return type.logical === undefined ? type.type : `${type.type} (${type.logical.name})`;
  }
}

/** A type in one word, or its name. */
function avroTypeWord(type: AvroType): string {
  return "name" in type ? type.name : type.type;
}
