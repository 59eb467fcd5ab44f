import type { Column } from "../batch/column.ts";
import { isValid, readColumn } from "../batch/column_reader.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { DataType, Field } from "../batch/schema.ts";
import { typeName } from "../batch/schema_check.ts";
import { showName } from "../batch/shown_names.ts";
import { isText } from "../generators/encoding/column_values.ts";
import { timeFormatOf } from "../generators/encoding/time_format.ts";
import { QualityError } from "./quality_error.ts";

/** What a column is to the scores. */
export type ScoreKind = "number" | "time" | "category" | "boolean" | "text" | "key";

/** The values of one column in one set of rows. */
export interface ScoreValues {
  /** Numbers, and times as numbers, with NaN for null; of other columns empty. */
  readonly numbers: Float64Array;
  /** Categories as positions in the column's texts, −1 for null; of other columns empty. */
  readonly codes: Int32Array;
  /** Rows that are null. */
  readonly nulls: number;
}

/** One column in all sets of rows. */
export interface ScoreColumn {
  readonly name: string;
  readonly kind: ScoreKind;
  /** The type in the real rows. */
  readonly type: DataType;
  /** The distinct texts in all sets of rows; of numbers and times none. */
  readonly texts: readonly string[];
  /** By set of rows, in the order in which they were given. */
  readonly sets: readonly ScoreValues[];
}

const CATEGORIES: readonly DataType["kind"][] = ["utf8", "dict", "bool"];
const NUMBERS: readonly DataType["kind"][] = ["i32", "i64", "f32", "f64", "decimal"];
const TIMES: readonly DataType["kind"][] = ["timestamp", "date", "time"];
/** Of a text column with a larger share of different values nothing can be learned. */
const KEY_SHARE = 0.9;
const FEWEST_OF_KEY = 20;
/** With a larger share of different values each is too rare for its frequency to be compared. */
const TEXT_SHARE = 0.1;
const FEWEST_OF_TEXT = 100;

/** What a type is to the scores; undefined of lists and the like. */
function kindOfType({ kind }: DataType): ScoreKind | undefined {
  if (kind === "bool") return "boolean";
  if (CATEGORIES.includes(kind)) return "category";
  if (NUMBERS.includes(kind)) return "number";
  return TIMES.includes(kind) ? "time" : undefined;
}

/** Numbers of a column, with NaN for null and for what is no finite number. */
function numbersOf(column: Column): Float64Array {
  const all = readColumn(column, { start: 0, end: column.length });
  return Float64Array.from(all, (value) => {
    if (value === null) return NaN;
    const number = Number(value);
    return Number.isFinite(number) ? number : NaN;
  });
}

/** The numbers of texts that are all numbers; undefined when one is none. */
function textNumbers(column: Column): Float64Array | undefined {
  const out = new Float64Array(column.length).fill(NaN);
  const all = readColumn(column, { start: 0, end: column.length });
  for (let at = 0; at < all.length; at++) {
    const value = all[at];
    if (value === null) continue;
    const number = Number(value);
    if (value === "" || !Number.isFinite(number)) return undefined;
    out[at] = number;
  }
  return out;
}

function nullsOf(column: Column): number {
  let nulls = 0;
  for (let at = 0; at < column.length; at++) if (!isValid(column, at)) nulls++;
  return nulls;
}

/** The times of texts, NaN for null and what is none; undefined where the first are not all times. */
function textTimes(columns: readonly Column[]): Float64Array[] | undefined {
  const first = readColumn(columns[0], { start: 0, end: columns[0].length }) as (string | null)[];
  const format = timeFormatOf(Array.from(new Set(first.filter((text) => text !== null))));
  return format && columns.map((column) => {
    const all = readColumn(column, { start: 0, end: column.length });
    return Float64Array.from(
      all,
      (text) => typeof text === "string" ? format.parse(text) ?? NaN : NaN,
    );
  });
}

/** Distinct texts by the order in which they come. */
class Texts {
  readonly list: string[] = [];
  readonly #positions = new Map<string, number>();

  codesOf(column: Column): Int32Array {
    const all = readColumn(column, { start: 0, end: column.length });
    return Int32Array.from(all, (value) => value === null ? -1 : this.#codeOf(String(value)));
  }

  #codeOf(text: string): number {
    const found = this.#positions.get(text);
    if (found !== undefined) return found;
    this.#positions.set(text, this.list.length);
    return this.list.push(text) - 1;
  }
}

/** What a column of texts is, by how many of them are different. */
function kindOfTexts(codes: Int32Array): ScoreKind {
  const distinct = new Set(codes);
  distinct.delete(-1);
  const exceeds = (least: number, share: number) =>
    distinct.size >= least && distinct.size > share * codes.length;
  if (exceeds(FEWEST_OF_KEY, KEY_SHARE)) return "key";
  return exceeds(FEWEST_OF_TEXT, TEXT_SHARE) ? "text" : "category";
}

/** Whether a column has scores: keys are made, and texts have no frequencies worth comparing. */
export function isScored({ kind }: Pick<ScoreColumn, "kind">): boolean {
  return kind !== "key" && kind !== "text";
}

/** A column of texts that are times. */
function timeColumn(name: string, columns: readonly Column[]): ScoreColumn | undefined {
  if (!columns.every(({ type }) => isText(type))) return undefined;
  const times = textTimes(columns);
  if (!times) return undefined;
  const sets = times.map((numbers, set) => ({
    numbers,
    codes: new Int32Array(0),
    nulls: nullsOf(columns[set]),
  }));
  return { name, kind: "time", type: { kind: "timestamp" }, texts: [], sets };
}

function numberColumn(name: string, kind: ScoreKind, columns: readonly Column[]): ScoreColumn {
  const sets = columns.map((column, set) => {
    const isTyped = kindOfType(column.type) !== "category";
    const numbers = isTyped ? numbersOf(column) : textNumbers(column);
    if (numbers) return { numbers, codes: new Int32Array(0), nulls: nullsOf(column) };
    throw new QualityError(
      `Cannot compare column ${JSON.stringify(name)}: it is ${
        typeName(columns[0].type)
      } in the real rows and ${typeName(column.type)} in ${
        set === 1 ? "the synthetic ones" : "those held out"
      }, with texts that are no numbers; give both the same type`,
    );
  });
  return { name, kind, type: columns[0].type, texts: [], sets };
}

function categoryColumn(
  name: string,
  kind: ScoreKind | undefined,
  columns: readonly Column[],
): ScoreColumn {
  const texts = new Texts();
  const sets = columns.map((column) => ({
    numbers: new Float64Array(0),
    codes: texts.codesOf(column),
    nulls: nullsOf(column),
  }));
  return {
    name,
    kind: kind ?? kindOfTexts(sets[0].codes),
    type: columns[0].type,
    texts: texts.list,
    sets,
  };
}

/** A column with what is scored of it; undefined when its type has no scores. */
function scoreColumn(
  name: string,
  columns: readonly Column[],
  given: ScoreKind | undefined,
): ScoreColumn | undefined {
  const [{ type }] = columns;
  const isEmpty = columns.every((column) => nullsOf(column) === column.length);
  const kind = given ?? (isEmpty ? "category" : kindOfType(type));
  if (kind === undefined) return undefined;
  const times = given === "time" ? timeColumn(name, columns) : undefined;
  if (times) return times;
  if (kind === "number" || kind === "time") return numberColumn(name, kind, columns);
  const found = categoryColumn(name, given ?? (kind === "boolean" ? kind : undefined), columns);
  // texts too many to be compared may be times, as a generator learns them
  return given === undefined && !isScored(found) ? timeColumn(name, columns) ?? found : found;
}

/**
 * The columns of sets of rows, side by side: those of the first set, in its order.
 *
 * @param sets The real rows, the synthetic ones, and those held out if there are any.
 * @param kinds What columns are, where types and values do not tell, or `"ignore"`.
 * @throws {QualityError} when a set lacks a column, or has other values in it than numbers where the
 *   first has numbers.
 */
export function scoreColumns(
  sets: readonly RecordBatch[],
  kinds: Readonly<Record<string, ScoreKind | "ignore">>,
): ScoreColumn[] {
  const fields = sets[0].schema.fields.filter(({ name }) => kindOf(kinds, name) !== "ignore");
  for (const [at, set] of sets.entries()) {
    const missing = fields.find(({ name }) => !set.names.includes(name));
    if (missing === undefined) continue;
    throw new QualityError(
      `Cannot compare rows: the ${at === 1 ? "synthetic" : "held-out"} ones have no column ` +
        `${JSON.stringify(missing.name)}; they have ${
          set.names.map((n) => JSON.stringify(n)).join(", ")
        }`,
    );
  }
  const found = fields.map(({ name }) => {
    const kind = kindOf(kinds, name) as ScoreKind | undefined;
    return scoreColumn(name, sets.map((set) => set.column(name)), kind);
  });
  const unscored = fields.filter((_, at) => !found[at]);
  if (unscored.length > 0) throw noScores(unscored);
  return found as ScoreColumn[];
}

/** Tells of all such columns at once, since all of them have to be left out. */
function noScores(fields: readonly Field[]): QualityError {
  const ignored = fields.map(({ name }) => `${JSON.stringify(name)}: "ignore"`).join(", ");
  const [{ name, type }, ...more] = fields;
  const named = ({ name, type }: Field) => `${showName(name)} (${typeName(type)})`;
  return new QualityError(
    more.length === 0
      ? `Cannot compare column ${JSON.stringify(name)}: there are no scores for ` +
        `${typeName(type)}; leave it out with columns: { ${ignored} }`
      : `Cannot compare columns ${fields.map(named).join(", ")}: there are no scores for their ` +
        `types; leave them out with columns: { ${ignored} }`,
  );
}

function kindOf(
  kinds: Readonly<Record<string, ScoreKind | "ignore">>,
  name: string,
): ScoreKind | "ignore" | undefined {
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}
