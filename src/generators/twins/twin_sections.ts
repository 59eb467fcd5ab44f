import { checkSchema } from "../../batch/schema_check.ts";
import type { DataType, Field } from "../../batch/schema.ts";
import { readArrivals, writeArrivals } from "../arrival/arrival_sections.ts";
import { isText } from "../encoding/column_values.ts";
import {
  type CategoryPlan,
  type Encoding,
  type NumberPlan,
  sizeOf,
  type Vocabulary,
} from "../encoding/plans.ts";
import {
  type ChainColumn,
  INTERVALS,
  type KeyGaps,
  type KeyPopulation,
  type KeyStates,
  type MadeKeys,
  type Newcomers,
  type StateColumn,
  type WalkColumn,
} from "../entities/entities.ts";
import {
  checkShares,
  list,
  MOST_COLUMNS,
  readField,
  readTextMaker,
  whole,
} from "../model/checks.ts";
import type { Json } from "../model/model_face.ts";
import { badModel, type SectionReader, type SectionWriter } from "../model/model_sections.ts";
import { isAscending, readVocabulary, writeVocabulary } from "../model/vocabulary_sections.ts";
import { ATTRIBUTE_TYPES, drawnColumns, KEY_TYPES, TIME_TYPES, type Twin } from "./twin.ts";
import type { TwinAttribute, TwinKeys } from "./twin.ts";
import { ValueColumn } from "./twin_columns.ts";

const MOST_KEYS = 20_000_000;
const MOST_KNOWN = 1_000_000;
const MOST_CLASSES = 64;
const MOST_GAP = 1e12;
const MOST_STATES = 8;
const MOST_SCORE = 1e6;
const KNOTS = INTERVALS + 1;
const TOLERANCE = 1e-3;
const MOST_SLABS = 65_536;
const CHUNKS: readonly unknown[] = [16_384, 65_536];
const MOST_I32 = 2_147_483_647;

function writeStates(to: SectionWriter, states: KeyStates): Json {
  const columns = states.columns.map((column): Json => {
    if (column.kind === "chain") {
      const { kind, column: at, symbols, shares, transitions } = column;
      const sections = { shares: to.add(shares), transitions: to.add(transitions) };
      return { kind, column: at, symbols, ...sections };
    }
    const { scores, ...own } = column;
    return { ...own, ...(scores && { scores: to.add(scores) }) };
  });
  const { chunk, slabs, profiles, levels, spreads, memories } = states;
  const sections = { levels: to.add(levels), spreads: to.add(spreads) };
  return { columns, chunk, slabs, profiles, ...sections, memories: to.add(memories) };
}

function writePopulation(to: SectionWriter, population: KeyPopulation): Json {
  const { known, made, shares, gaps, newcomers } = population;
  return {
    known: writeVocabulary(to, known),
    made,
    shares: to.add(shares),
    ...(gaps && {
      gaps: {
        limits: to.add(gaps.limits),
        knots: to.add(gaps.knots),
        memories: to.add(gaps.memories),
      },
    }),
    ...(newcomers && {
      newcomers: {
        rate: newcomers.rate,
        lives: to.add(newcomers.lives),
        gaps: to.add(newcomers.gaps),
      },
    }),
  };
}

function writeKeys(to: SectionWriter, { at, population, attributes }: TwinKeys): Json {
  const columns = attributes.map(({ at, values, positions }) => ({
    at,
    ...writeVocabulary(to, values),
    positions: to.add(positions),
  }));
  return { at, ...writePopulation(to, population), attributes: columns };
}

/** What a header says of a twin; numbers go to sections. */
export function writeTwin(to: SectionWriter, twin: Twin): Json {
  const { fields, time, keys, arrivals, states } = twin;
  return {
    fields,
    time,
    arrivals: writeArrivals(to, arrivals),
    ...(keys && { keys: writeKeys(to, keys) }),
    states: writeStates(to, states),
  };
}

function between(value: unknown, what: string, [low, high]: readonly [number, number]): number {
  if (typeof value === "number" && value >= low && value <= high) return value;
  badModel(`${what} is not from ${low} to ${high}`);
}

function allBetween(values: Float32Array | Float64Array, what: string, low: number, high: number) {
  for (const value of values) between(value, what, [low, high]);
}

function sized<T extends { readonly length: number }>(values: T, length: number): T {
  return values.length === length
    ? values
    : badModel("a section has not the size of what it holds");
}

function readMade(type: DataType, json: Json): MadeKeys {
  const { kind, low, high, step } = json;
  if (isText(type)) {
    return readTextMaker(json) ?? badModel("its keys are made in no way that there is");
  }
  if (kind !== "range") badModel("its keys are made in no way that there is");
  const most = type.kind === "i32" ? MOST_I32 : Number.MAX_SAFE_INTEGER;
  const first = whole(low, "the least key", [-most, most]);
  const last = whole(high, "the greatest key", [first, most]);
  return {
    kind,
    low: first,
    high: last,
    step: whole(step, "a step", [1, Number.MAX_SAFE_INTEGER]),
  };
}

function readKnown(from: SectionReader, type: DataType, json: Json): Vocabulary {
  const known = readVocabulary(from, type, json, MOST_KNOWN);
  const most = type.kind === "i32" ? MOST_I32 : Number.MAX_SAFE_INTEGER;
  if (known.kind === "numbers") {
    for (const key of known.numbers) whole(key, "a key", [-most, most]);
  }
  return known;
}

function readGaps(from: SectionReader, json: Json): KeyGaps {
  const limits = from.section(json.limits, "f64", MOST_CLASSES);
  const classes = limits.length;
  const knots = sized(from.section(json.knots, "f64"), classes * KNOTS);
  const memories = sized(from.section(json.memories, "f64"), classes);
  allBetween(memories, "the memory of gaps", -1, 1);
  const isOrdered = isAscending(limits.toReversed()) && limits[classes - 1] === 0;
  if (classes === 0 || !isOrdered) badModel("the classes of gaps are in disorder");
  for (let of = 0; of < classes; of++) {
    readQuantiles(knots.subarray(of * KNOTS, (of + 1) * KNOTS), 0);
  }
  return { limits, knots, memories };
}

function readQuantiles(values: Float64Array, least: number): Float64Array {
  allBetween(sized(values, KNOTS), "a quantile", least, MOST_GAP);
  if (!isAscending(values) || !(values[INTERVALS] > 0)) badModel("quantiles are in disorder");
  return values;
}

function readNewcomers(from: SectionReader, json: Json): Newcomers {
  return {
    rate: between(json.rate, "the rate of new keys", [1e-9, 1]),
    lives: readQuantiles(from.section(json.lives, "f64", KNOTS), 1),
    gaps: readQuantiles(from.section(json.gaps, "f64", KNOTS), 0),
  };
}

function readPopulation(from: SectionReader, type: DataType, json: Json): KeyPopulation {
  const shares = from.section(json.shares, "f64", MOST_KEYS);
  allBetween(shares, "the share of a key", 1e-15, 1);
  const gaps = json.gaps === undefined ? undefined : readGaps(from, Object(json.gaps));
  const newcomers = json.newcomers === undefined
    ? undefined
    : readNewcomers(from, Object(json.newcomers));
  const total = shares.reduce((a, b) => a + b, 0);
  const isWhole = newcomers ? total <= 1 + TOLERANCE : Math.abs(total - 1) <= TOLERANCE;
  if (!isWhole) badModel("the shares of keys do not sum to 1");
  return {
    known: readKnown(from, type, Object(json.known)),
    made: readMade(type, Object(json.made)),
    shares,
    ...(gaps && { gaps }),
    ...(newcomers && { newcomers }),
  };
}

function readAttribute(
  from: SectionReader,
  value: unknown,
  { fields, known }: { fields: readonly Field[]; known: number },
): TwinAttribute {
  const json = Object(value) as Json;
  const at = whole(json.at, "the position of a column", [0, fields.length - 1]);
  const { type, nullable, name } = fields[at];
  if (!ATTRIBUTE_TYPES.includes(type.kind)) {
    badModel("a column that follows from a key has no type");
  }
  const values = readVocabulary(from, type, json, MOST_KNOWN);
  const positions = sized(from.section(json.positions, "i32", MOST_KNOWN), known);
  const least = nullable === false ? 0 : -1;
  if (known === 0 || positions.some((of) => of < least || of >= sizeOf(values))) {
    badModel(`column ${JSON.stringify(name)} follows from keys that are not there`);
  }
  try {
    new ValueColumn(type, values);
  } catch (error) {
    badModel(`column ${JSON.stringify(name)}: ${(error as Error).message}`);
  }
  return { at, values, positions };
}

function readKeys(from: SectionReader, json: Json, fields: readonly Field[]): TwinKeys {
  const at = whole(json.at, "the position of the key", [0, fields.length - 1]);
  const { type } = fields[at];
  if (!KEY_TYPES.includes(type.kind)) badModel("its keys have not the type of keys");
  const population = readPopulation(from, type, json);
  const known = sizeOf(population.known);
  const attributes = list(json.attributes, "the columns of keys", MOST_COLUMNS)
    .map((each) => readAttribute(from, each, { fields, known }));
  return { at, population, attributes };
}

function readState(from: SectionReader, value: unknown, { columns }: Encoding): StateColumn {
  const json = Object(value) as Json;
  const column = whole(json.column, "the column of a state", [0, columns.length - 1]);
  const plan = columns[column];
  if (plan.kind !== "category" && plan.kind !== "number") badModel("a state is of no column");
  if (json.kind === "walk") return readWalk(from, json, { column, plan });
  if (json.kind !== "chain" || plan.kind !== "category") badModel("a state is of no kind");
  return readChain(from, json, { column, plan });
}

function readChain(
  from: SectionReader,
  json: Json,
  { column, plan }: { column: number; plan: CategoryPlan },
): ChainColumn {
  const symbols = plan.sizes.length + (plan.nulls ? 1 : 0);
  if (json.symbols !== symbols) badModel("a chain has not the symbols of its column");
  const shares = sized(from.section(json.shares, "f64"), symbols);
  const transitions = from.section(json.transitions, "f32");
  const isWhole = transitions.length > 0 && transitions.length % symbols ** 2 === 0;
  if (!isWhole) badModel("a chain lacks transitions");
  checkShares(shares, symbols, 1);
  checkShares(transitions, symbols, 1);
  return { kind: "chain", column, symbols, shares, transitions };
}

function readWalk(
  from: SectionReader,
  json: Json,
  { column, plan }: { column: number; plan: CategoryPlan | NumberPlan },
): WalkColumn {
  const isText = plan.kind === "category" && plan.values.kind === "texts";
  if (isText !== (json.scores !== undefined)) badModel("the state of a column lacks scores");
  const scores = isText ? sized(from.section(json.scores, "f64"), sizeOf(plan.values)) : undefined;
  if (scores) allBetween(scores, "a score", -MOST_SCORE, MOST_SCORE);
  return {
    kind: "walk",
    column,
    level: between(json.level, "a level", [0, 1]),
    carried: between(json.carried, "what is carried on", [0, 1]),
    memory: between(json.memory, "a memory", [-1, 1]),
    ...(scores && { scores }),
  };
}

function readStates(from: SectionReader, json: Json, of: { encoding: Encoding; known: number }) {
  const columns = list(json.columns, "the states", MOST_STATES)
    .map((each) => readState(from, each, of.encoding));
  if (new Set(columns.map(({ column }) => column)).size < columns.length) {
    badModel("a column has two states");
  }
  const walks = columns.filter(({ kind }) => kind === "walk").length;
  const isOrdered = columns.slice(columns.length - walks).every(({ kind }) => kind === "walk");
  if (!isOrdered) badModel("its states are in disorder");
  if (!CHUNKS.includes(json.chunk)) badModel("its events are in no chunks");
  const profiles = whole(json.profiles, "the keys with levels", [0, of.known]);
  const numbers = (section: unknown, low: number, high: number) => {
    const values = sized(from.section(section, "f32"), profiles * walks);
    allBetween(values, "the state of a key", low, high);
    return values;
  };
  return {
    columns,
    chunk: json.chunk as number,
    slabs: whole(json.slabs, "the slabs of states", [2, MOST_SLABS]),
    profiles,
    levels: numbers(json.levels, -MOST_SCORE, MOST_SCORE),
    spreads: numbers(json.spreads, 0, MOST_SCORE),
    memories: numbers(json.memories, -1, 1),
  };
}

/** Checks that the columns which the model draws are those that are left to it. */
function checkDrawn(twin: Twin, { columns }: Encoding): void {
  const { fields, time, keys } = twin;
  const taken = [time, ...(keys ? [keys.at, ...keys.attributes.map(({ at }) => at)] : [])];
  if (new Set(taken).size < taken.length) badModel("a column of its stream is two things");
  const drawn = drawnColumns(twin);
  const fits = drawn.length === columns.length && drawn.every((at, of) => {
    const [wanted, { field }] = [fields[at], columns[of]];
    const isSame = JSON.stringify(wanted.type) === JSON.stringify(field.type) ||
      (wanted.type.kind === "utf8" && field.type.kind === "dict");
    return isSame && wanted.name === field.name && wanted.nullable === field.nullable;
  });
  if (!fits) badModel("the columns of its stream are not those of its rows");
}

/**
 * What the header and the sections of a file say of a twin, all of it checked.
 *
 * @throws {ModelFileError} when it cannot be sampled.
 */
export function readTwin(from: SectionReader, encoding: Encoding): Twin {
  const json = Object(from.header.twin) as Json;
  const fields = list(json.fields, "the columns", MOST_COLUMNS).map(readField);
  try {
    checkSchema({ fields });
  } catch (error) {
    badModel((error as Error).message);
  }
  const time = whole(json.time, "the position of the event time", [0, fields.length - 1]);
  if (!TIME_TYPES.includes(fields[time].type.kind)) badModel("its event time is none");
  const arrivals = readArrivals(from, json.arrivals);
  const keys = json.keys === undefined ? undefined : readKeys(from, Object(json.keys), fields);
  const known = keys ? sizeOf(keys.population.known) : 1;
  const states = readStates(from, Object(json.states), { encoding, known });
  const twin = { fields, time, arrivals, ...(keys && { keys }), states };
  checkDrawn(twin, encoding);
  return twin;
}
