const MAX_DECIMAL_PRECISION = 38;

/** The type of a column's values. The storage of each is the Arrow layout. */
export type DataType =
  /** Bitmap, least significant bit first. */
  | { readonly kind: "bool" }
  /** 32-bit integer, a `number` in rows. */
  | { readonly kind: "i32" }
  /** 64-bit integer; in rows a `bigint`, or with `as: "number"` a `number` where it is safe. */
  | { readonly kind: "i64"; readonly as?: "number" }
  | { readonly kind: "f32" }
  | { readonly kind: "f64" }
  /** Milliseconds since 1970 UTC in 64 bits, a `number` in rows. */
  | { readonly kind: "timestamp" }
  /** Days since 1970 in 32 bits, a `number` of days in rows. */
  | { readonly kind: "date" }
  /** Milliseconds since midnight in 32 bits, a `number` in rows. */
  | { readonly kind: "time" }
  /** 128-bit scaled integer, an exact decimal `string` in rows. */
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  /** 32-bit offsets and UTF-8 bytes. */
  | { readonly kind: "utf8" }
  /** 32-bit indices into a dictionary of distinct strings. */
  | { readonly kind: "dict" }
  /** 32-bit offsets and bytes, a `Uint8Array` in rows. */
  | { readonly kind: "bytes" }
  | { readonly kind: "list"; readonly item: DataType }
  | { readonly kind: "struct"; readonly fields: readonly Field[] }
  /** String keys to values, a plain object in rows. */
  | { readonly kind: "map"; readonly value: DataType }
  /** Any JSON-like value, a tag each. */
  | { readonly kind: "mixed" };

/** Where {@linkcode Typed} keeps the type of a value; exists for the type checker alone. */
export declare const VALUE: unique symbol;

/** Where {@linkcode TypedSchema} keeps the type of a row; exists for the type checker alone. */
export declare const ROW: unique symbol;

/** A data type of which the type checker knows what its values are in rows. */
export type Typed<T extends DataType, Value> = T & { readonly [VALUE]?: Value };

/** What a value of data type `T` is in a row, nulls apart; `unknown` where that is not known. */
export type ValueOf<T> = T extends { readonly [VALUE]?: infer Value } ? Value : unknown;

/** A named column of a schema or struct. */
export interface Field {
  /** Distinct from those beside it. */
  readonly name: string;
  /** What it holds. */
  readonly type: DataType;
  /** Whether nulls may occur. Default `true`. */
  readonly nullable?: boolean;
}

/** The columns of a batch, in order. */
export interface Schema {
  /** Names and types, in order. */
  readonly fields: readonly Field[];
}

/** A schema of which the type checker knows the rows. */
export interface TypedSchema<Row> extends Schema {
  /** Exists for the type checker alone. */
  readonly [ROW]?: Row;
}

/**
 * Makes a `decimal(precision, scale)` type.
 *
 * @throws {RangeError} unless `precision` is 1 to 38 and `scale` 0 to `precision`, both whole.
 */
export function decimal(
  precision: number,
  scale: number,
): Typed<{ readonly kind: "decimal"; readonly precision: number; readonly scale: number }, string> {
  const whole = Number.isInteger(precision) && Number.isInteger(scale);
  const inRange = precision >= 1 && precision <= MAX_DECIMAL_PRECISION && scale >= 0;
  if (!(whole && inRange && scale <= precision)) {
    throw new RangeError(
      `Cannot make decimal type: precision must be 1 to ${MAX_DECIMAL_PRECISION} and scale 0 to ` +
        `precision, received (${precision}, ${scale})`,
    );
  }
  return { kind: "decimal", precision, scale };
}
