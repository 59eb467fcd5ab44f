/**
 * Values of npm:@faker-js/faker for declared columns, such as names and addresses:
 * `@waggle/stream/faker`.
 *
 * @module
 */
import * as locale from "@faker-js/faker/locale/en";
import * as t from "../../batch/types.ts";
import { checkWhole, knownOptions, received } from "../../runtime/known_options.ts";
import { seedBits } from "../fit_options.ts";
import type { AnyColumnSpec, Scalar } from "./column_spec.ts";

const DEFAULT_COUNT = 1000;
const MOST_VALUES = 65_534;
const REFERENCE = "2025-01-01T00:00:00.000Z";
const LOW_32 = 0xffff_ffffn;

/** What makes values: an instance of the class `Faker`. */
export type Faker = (typeof locale)["faker"];

/** Options of {@linkcode faked}. */
export interface FakedOptions {
  /** How many values are made, 1 to 65,534; equal ones are as much likelier. Default 1,000. */
  count?: number;
  /** Which values: the same seed makes the same. Default 0. */
  seed?: number | bigint;
  /** A faker of another language; it is copied and not changed. Default: the English one. */
  faker?: Faker;
  /** The moment that faker counts ages and the like from. Default 2025-01-01. */
  refDate?: string | Date;
  /** The share of rows in which the column is null. Default 0. */
  nulls?: number;
}

/** What a value is in a row: of a `Date` the milliseconds since 1970. */
export type FakedValue<T> = T extends Date ? number : T;

/** A column of values that faker has made. */
export interface FakedSpec<V extends Scalar = Scalar> extends AnyColumnSpec {
  /** The values. */
  readonly values: readonly V[];
}

/** A faker of the same language with a seed of its own. */
function seeded({ seed, faker = locale.faker, refDate = REFERENCE }: FakedOptions): Faker {
  const bits = seedBits(seed);
  const make = faker.constructor as new (options: { locale: Faker["rawDefinitions"] }) => Faker;
  const own = new make({ locale: faker.rawDefinitions });
  own.seed([Number(bits & LOW_32), Number(bits >> 32n)]);
  own.setDefaultRefDate(refDate);
  return own;
}

function scalarOf(value: unknown, at: number): Scalar {
  if (value instanceof Date) return value.getTime();
  const isScalar = typeof value === "string" || typeof value === "number" ||
    typeof value === "boolean";
  if (isScalar) return value;
  throw new TypeError(
    `Cannot make values with faker: a value must be a text, a number, a boolean or a Date, and ` +
      `value ${at} is ${received(value)}`,
  );
}

/**
 * Values that faker makes, as a column of {@linkcode SyntheticGenerator.fromSchema}.
 *
 * So many are made once and are in the model; which of them a row has depends on the seed of the
 * sample and the row alone, as everything in it, and costs no more than any other value. Columns that
 * must have a value of their own in each row are better declared as patterns or UUIDs.
 *
 * @param make Makes a value with the faker that it is given.
 * @throws {TypeError | RangeError} when a value or an option is none that it can be.
 *
 * @example
 * ```ts
 * import { SyntheticGenerator } from "@waggle/stream";
 * import { faked } from "@waggle/stream/faker";
 *
 * const generator = SyntheticGenerator.fromSchema({
 *   columns: {
 *     name: faked((faker) => faker.person.fullName(), { count: 200, seed: 1 }),
 *     mail: faked((faker) => faker.internet.email(), { count: 200 }),
 *     born: faked((faker) => faker.date.birthdate(), { count: 200 }),
 *   },
 * });
 * for (const { name, mail } of generator.sample(2)) console.log(name, mail);
 * ```
 */
export function faked<T extends Scalar | Date>(
  make: (faker: Faker) => T,
  options: FakedOptions = {},
): FakedSpec<FakedValue<T>> {
  const { count = DEFAULT_COUNT, nulls } = knownOptions(options, {
    doing: "make values with faker",
    names: { count: true, seed: true, faker: true, refDate: true, nulls: true },
    example: "{ count: 500 }",
  });
  if (typeof make !== "function") {
    throw new TypeError(
      `Cannot make values with faker: it takes a function such as (faker) => faker.person.fullName(), ` +
        `received ${received(make)}`,
    );
  }
  checkWhole("count", count, { doing: "make values with faker", most: MOST_VALUES });
  const faker = seeded(options);
  const made = Array.from({ length: count }, () => make(faker));
  const values = made.map(scalarOf) as FakedValue<T>[];
  const type = made[0] instanceof Date ? { type: t.timestamp } : {};
  return { values, ...type, ...(nulls !== undefined && { nulls }) };
}
