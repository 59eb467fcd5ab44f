import type { AvroLogicalType, AvroPrimitiveName } from "./avro_type.ts";

const MOST_PRECISION = 38;

/** The logical types without parameters, and which types may have them. */
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  "uuid": ["string", "fixed"],
  "date": ["int"],
  "time-millis": ["int"],
  "time-micros": ["long"],
  "timestamp-millis": ["long"],
  "timestamp-micros": ["long"],
  "timestamp-nanos": ["long"],
  "local-timestamp-millis": ["long"],
  "local-timestamp-micros": ["long"],
  "local-timestamp-nanos": ["long"],
  "duration": ["fixed"],
};
const FIXED_BYTES: Readonly<Record<string, number>> = { uuid: 16, duration: 12 };

/** The type that has a logical type. */
export interface Underlying {
  readonly type: AvroPrimitiveName | "fixed";
  /** The bytes of a fixed. */
  readonly size?: number;
}

/** The digits that so many bytes of a two's complement hold for sure. */
function digitsOfBytes(bytes: number): number {
  return Math.floor(Math.log10(2) * (8 * bytes - 1));
}

function decimalOf(
  { precision, scale = 0 }: { readonly precision?: unknown; readonly scale?: unknown },
  { type, size }: Underlying,
): AvroLogicalType | string {
  if (type !== "bytes" && type !== "fixed") return "decimal needs bytes or a fixed";
  if (!Number.isInteger(precision) || (precision as number) < 1) {
    return "the precision of a decimal must be a whole number from 1";
  }
  if (
    !Number.isInteger(scale) || (scale as number) < 0 || (scale as number) > (precision as number)
  ) {
    return "the scale of a decimal must be a whole number from 0 to its precision";
  }
  if ((precision as number) > MOST_PRECISION) {
    return `decimals have at most ${MOST_PRECISION} digits here`;
  }
  if (size !== undefined && (precision as number) > digitsOfBytes(size)) {
    return `${size} bytes do not hold ${precision} digits`;
  }
  return { name: "decimal", precision: precision as number, scale: scale as number };
}

/** The logical type that a definition names, or why it is none. */
export function logicalTypeOf(
  given: { readonly logicalType?: unknown; readonly precision?: unknown; readonly scale?: unknown },
  underlying: Underlying,
): AvroLogicalType | string | undefined {
  const { logicalType: name } = given;
  if (name === undefined) return undefined;
  if (typeof name !== "string") return "a logicalType is a text";
  if (name === "decimal") return decimalOf(given, underlying);
  if (!Object.hasOwn(PLAIN, name)) {
    return `there is no logical type ${JSON.stringify(name.slice(0, 60))}`;
  }
  if (!PLAIN[name].includes(underlying.type)) {
    return `${name} needs ${PLAIN[name].join(" or ")}, not ${underlying.type}`;
  }
  if (underlying.size !== undefined && underlying.size !== FIXED_BYTES[name]) {
    return `${name} needs ${FIXED_BYTES[name]} bytes, not ${underlying.size}`;
  }
  return { name } as AvroLogicalType;
}
