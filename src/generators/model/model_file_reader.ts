import { checkSchema } from "../../batch/schema_check.ts";
import type { DataType, Field } from "../../batch/schema.ts";
import { isText, unitOfType } from "../encoding/column_values.ts";
import { KINDS } from "../encoding/column_draft.ts";
import { numbered } from "../encoding/encoding.ts";
import {
  bool,
  list,
  MOST_COLUMNS,
  MOST_SYMBOLS,
  readField,
  readTextMaker,
  whole,
} from "./checks.ts";
import { canBeSum, isSummable, SUMMED } from "../encoding/sum_plans.ts";
import { isTimeFormat } from "../encoding/time_format.ts";
import type { TimeText } from "../encoding/time_texts.ts";
import type { Json } from "./model_face.ts";
import type { SavedModel } from "./model_file.ts";
import { isModelKind, MODEL_KINDS } from "./model_kinds.ts";
import { badModel, SectionReader } from "./model_sections.ts";
import { isAscending, readVocabulary } from "./vocabulary_sections.ts";
import { readTwin } from "../twins/twin_sections.ts";
import {
  type CategoryPlan,
  type ColumnPlan,
  type Encoding,
  type KeyMaker,
  type KeyPlan,
  KNOTS,
  type LookupPlan,
  MOST_VALUES,
  type NumberPlan,
  type NumberUnit,
  sizeOf,
  type SumPlan,
  type Vocabulary,
} from "../encoding/plans.ts";

const MOST_UUID_MS = 2 ** 48;
const MOST_KNOT = 8e307;
const MOST_PART = 1e15;
const MOST_ENTRIES = 4_000_000;
const DIVISORS: readonly unknown[] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];

function readUnit(type: DataType, json: Json): NumberUnit {
  const unit = unitOfType(type);
  if (type.kind !== "f32" && type.kind !== "f64") return unit;
  if (!DIVISORS.includes(json.divisor)) badModel("the divisor of a column is no power of ten");
  const divisor = json.divisor as number;
  return { ...unit, divisor, whole: bool(json.whole, "whole") };
}

function readValues(from: SectionReader, type: DataType, json: Json): Vocabulary {
  const values = readVocabulary(from, type, json);
  if (sizeOf(values) === 0) badModel("a column has no values");
  if (values.kind === "numbers" && !isAscending(values.numbers)) {
    badModel("the values of a column are in disorder");
  }
  return values;
}

function checkWeights(weights: Float64Array, what: string): void {
  const total = weights.reduce((sum, each) => sum + each, 0);
  if (weights.every((each) => each >= 0) && total > 0 && Number.isFinite(total)) return;
  badModel(`${what} are not weights`);
}

function readCategory(from: SectionReader, field: Field, json: Json): CategoryPlan {
  const values = readValues(from, field.type, json);
  const sizes = Array.from(from.section(json.sizes, "i32", MOST_SYMBOLS));
  const weights = from.section(json.weights, "f64", MOST_VALUES);
  const size = sizeOf(values);
  const total = sizes.reduce((sum, each) => sum + each, 0);
  if (total !== size || weights.length !== size || sizes.some((each) => each < 1)) {
    badModel(`the symbols of column ${JSON.stringify(field.name)} are not those of its values`);
  }
  let first = 0;
  for (const each of sizes) {
    checkWeights(weights.subarray(first, first + each), "the counts of values");
    first += each;
  }
  const nulls = bool(json.nulls, "nulls");
  const other = whole(json.other, "other", [-1, size - 1]);
  const unit = isText(field.type) ? {} : { unit: readUnit(field.type, json) };
  return { kind: "category", field, variable: -1, values, sizes, weights, nulls, other, ...unit };
}

function readNumber(from: SectionReader, field: Field, json: Json): NumberPlan {
  if (isText(field.type)) badModel("a column of texts is said to be of numbers");
  const unit = readUnit(field.type, json);
  const given = list(json.parts, "the parts of a number", 3);
  if (given.length === 0) badModel("a number has no parts");
  const most = given.length === 1 ? MOST_KNOT : MOST_PART;
  const parts = given.map((each) => {
    const part = Object(each) as Json;
    const scale = whole(part.scale, "the scale of a part", [1, 604_800_000]);
    const knots = from.section(part.knots, "f64", MOST_SYMBOLS * KNOTS);
    const isWhole = knots.length > 0 && knots.length % KNOTS === 0;
    if (!isWhole || knots.some((knot) => Math.abs(knot) > most)) badModel("a symbol lacks knots");
    for (let at = 0; at < knots.length; at += KNOTS) {
      if (!isAscending(knots.subarray(at, at + KNOTS))) badModel("knots are in disorder");
    }
    return { variable: -1, scale, whole: unit.whole, knots };
  });
  const offset = whole(json.offset, "offset", [-604_800_000, 604_800_000]);
  const text = json.text === undefined ? {} : { text: readTimeText(field, json.text) };
  return { kind: "number", field, unit, parts, offset, nulls: bool(json.nulls, "nulls"), ...text };
}

function readTimeText({ name, type }: Field, given: unknown): TimeText {
  const json = Object(given) as Json;
  const { format } = json;
  const kind = (Object(json.type) as Json).kind;
  const isFit = type.kind === "timestamp" && (kind === "utf8" || kind === "dict") &&
    typeof format === "string";
  if (!isFit || !isTimeFormat(format)) {
    badModel(`column ${JSON.stringify(name)} has times as texts that are not known`);
  }
  return { type: { kind }, format };
}

function readLookup(from: SectionReader, field: Field, json: Json): LookupPlan {
  const values = readValues(from, field.type, json);
  const size = sizeOf(values);
  const by = list(json.by, "the columns that decide", 2) as number[];
  const entries = from.section(json.entries, "i32", MOST_ENTRIES);
  const choices = list(json.choices, "the choices of a lookup", MOST_VALUES).map((each) => {
    const choice = Object(each) as Json;
    const positions = from.section(choice.values, "i32", MOST_VALUES);
    const weights = from.section(choice.weights, "f64", MOST_VALUES);
    checkWeights(weights, "the weights of a choice");
    if (positions.length !== weights.length || positions.some((at) => at < -1 || at >= size)) {
      badModel("a choice has not as many values as weights, or values that are not there");
    }
    return { values: positions, weights };
  });
  if (entries.some((entry) => entry >= size || entry < -1 - choices.length)) {
    badModel(`column ${JSON.stringify(field.name)} looks up values that are not there`);
  }
  const unit = isText(field.type) ? {} : { unit: readUnit(field.type, json) };
  return { kind: "lookup", field, values, by, entries, width: 1, choices, ...unit };
}

/** A lookup whose columns exist; its width follows from them. */
function placedLookup(plan: LookupPlan, columns: readonly ColumnPlan[]): LookupPlan {
  const sizes = plan.by.map((at) => {
    const deciding = columns[at];
    return deciding?.kind === "category" ? sizeOf(deciding.values) + 1 : 0;
  });
  const product = sizes.reduce((a, b) => a * b, 1);
  if (sizes.length === 0 || product !== plan.entries.length || product === 0) {
    badModel(`column ${JSON.stringify(plan.field.name)} follows from columns that are not there`);
  }
  return { ...plan, width: sizes[1] ?? 1 };
}

function readSum(field: Field, json: Json): SumPlan {
  if (isText(field.type)) badModel("a column of texts is said to be a sum");
  const of = list(json.of, "the columns that are added", 2) as number[];
  return { kind: "sum", field, unit: readUnit(field.type, json), of };
}

/** Fails unless the columns that are added exist and can be added. */
function checkSum(plan: SumPlan, columns: readonly ColumnPlan[]): void {
  const parts = plan.of.map((at) => columns[at]);
  const isSum = parts.length === 2 && plan.of.every(Number.isInteger) && parts[0] !== parts[1] &&
    parts.every(isSummable) &&
    plan.unit.whole && SUMMED.has(plan.field.type.kind) && canBeSum(plan, parts);
  if (isSum) return;
  badModel(`column ${JSON.stringify(plan.field.name)} is the sum of columns that cannot be added`);
}

function isNumberIn(value: unknown, low: number, high: number): value is number {
  return typeof value === "number" && value >= low && value <= high;
}

function readMaker({ type }: Field, json: Json): KeyMaker | undefined {
  const { kind, start, step, repeats } = json;
  const isNumber = type.kind === "i32" || type.kind === "i64";
  if (kind === "sequence" && isNumber) {
    if (start === undefined && step === undefined) return { kind };
    const most = Number.MAX_SAFE_INTEGER;
    const fits = [start, step].every((each) =>
      Number.isSafeInteger(each) && isNumberIn(each, -most, most)
    );
    return fits && step !== 0 ? { kind, start: start as number, step: step as number } : undefined;
  }
  if (!isText(type)) return undefined;
  if (kind === "uuid7") {
    const fits = isNumberIn(start, 0, MOST_UUID_MS) && isNumberIn(step, 0, MOST_UUID_MS);
    return fits ? { kind, start, step } : undefined;
  }
  const maker = readTextMaker(json);
  return maker?.kind === "pattern" && repeats === true ? { ...maker, repeats } : maker;
}

function readKey(field: Field, json: Json): KeyPlan {
  const maker = readMaker(field, Object(json.maker) as Json);
  if (maker) return { kind: "key", field, maker };
  badModel(`the keys of column ${JSON.stringify(field.name)} are of no kind that there is`);
}

function readPlan(from: SectionReader, value: unknown): ColumnPlan {
  const json = Object(value) as Json;
  const field = readField(json.field);
  if (json.kind === "null") return { kind: "null", field };
  if (!KINDS.has(field.type.kind)) badModel("a column has a type that a generator does not learn");
  switch (json.kind) {
    case "category":
      return readCategory(from, field, json);
    case "number":
      return readNumber(from, field, json);
    case "lookup":
      return readLookup(from, field, json);
    case "sum":
      return readSum(field, json);
    case "key":
      return readKey(field, json);
    default:
      badModel(`column ${JSON.stringify(field.name)} is of a kind that does not exist`);
  }
}

function mayBeNull(plan: ColumnPlan): boolean {
  if (plan.kind === "category" || plan.kind === "number") return plan.nulls;
  if (plan.kind === "lookup") {
    return plan.entries.includes(-1) || plan.choices.some(({ values }) => values.includes(-1));
  }
  return plan.kind === "null";
}

function readEncoding(from: SectionReader): Encoding {
  const read = list(from.header.columns, "the columns", MOST_COLUMNS).map((each) =>
    readPlan(from, each)
  );
  const plans = read.map((plan) => plan.kind === "lookup" ? placedLookup(plan, read) : plan);
  for (const plan of plans) if (plan.kind === "sum") checkSum(plan, plans);
  const fields = plans.map(({ field }) => field);
  try {
    checkSchema({ fields });
  } catch (error) {
    badModel((error as Error).message);
  }
  const wrong = plans.find((plan) => plan.field.nullable === false && mayBeNull(plan));
  if (wrong) badModel(`column ${JSON.stringify(wrong.field.name)} has nulls, and says it has none`);
  const encoding = numbered(plans);
  const isTwin = from.header.twin !== undefined;
  if ((plans.length === 0 && !isTwin) || encoding.symbols.some((count) => count > MOST_SYMBOLS)) {
    badModel(`it has no columns, or one of more than ${MOST_SYMBOLS} symbols`);
  }
  return encoding;
}

function readWeight(weight: unknown): number {
  if (typeof weight === "number" && weight > 0 && weight <= Number.MAX_SAFE_INTEGER) return weight;
  badModel("its weight is no number of rows");
}

/**
 * What the bytes of a model file hold, all of it checked.
 *
 * @throws {ModelFileError} when they are none, or damaged.
 */
export function readModelFile(bytes: Uint8Array): SavedModel {
  const from = new SectionReader(bytes);
  const encoding = readEncoding(from);
  const json = Object(from.header.model) as Json;
  const rows = whole(from.header.rows, "rows", [0, Number.MAX_SAFE_INTEGER]);
  if (!isModelKind(json.kind)) badModel("its model is of a kind that does not exist");
  const model = MODEL_KINDS[json.kind].read(from, json, encoding.symbols);
  const { sampled, twin, weight } = from.header;
  return {
    encoding,
    model,
    rows,
    ...(sampled !== undefined && { sampled: whole(sampled, "rows of its sample", [1, rows]) }),
    ...(weight !== undefined && { weight: readWeight(weight) }),
    ...(twin !== undefined && { twin: readTwin(from, encoding) }),
  };
}
