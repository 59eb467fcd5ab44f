import type { RecordBatch } from "../../batch/record_batch.ts";
import { learnArrivals } from "../arrival/learn_arrivals.ts";
import { positionsOf, symbolsOfPositions } from "../encoding/category_plan.ts";
import { codedTexts } from "../encoding/coded_values.ts";
import { encodeRows } from "../encoding/encode_rows.ts";
import { encodingOf, leastCount } from "../encoding/encoding.ts";
import type { CategoryPlan, ColumnPlan, Encoding } from "../encoding/plans.ts";
import { categoryScores } from "../entities/category_scores.ts";
import { NO_STATES } from "../entities/entities.ts";
import { type KeyEvents, keyEvents } from "../entities/key_gaps.ts";
import { learnStates, type StateValues } from "../entities/learn_states.ts";
import { type FitOptions, keyNames } from "../fit_options.ts";
import { fitModel } from "../model/fit_model.ts";
import type { SavedModel } from "../model/model_file.ts";
import { learnedFrom, type TrainingRows } from "../training_rows.ts";
import { learnTwinKeys, timeOrder } from "./learn_keys_of_rows.ts";
import { sortableNumbers } from "./twin_columns.ts";
import { drawnColumns, type Twin } from "./twin.ts";

/** The most symbols of a column of categories that goes on by a chain. */
const MOST_CHAINED = 16;

/** Columns whose texts are in a dictionary, which are faster to put in another order. */
function withDictionaries({ columns, symbols }: Encoding): Encoding {
  const plans = columns.map((plan): ColumnPlan => {
    const { type } = plan.field;
    const isText = type.kind === "utf8" && (plan.kind === "category" || plan.kind === "lookup");
    return isText ? { ...plan, field: { ...plan.field, type: { kind: "dict" } } } : plan;
  });
  return { columns: plans, symbols };
}

function categoryValues(
  plan: CategoryPlan,
  rows: RecordBatch,
  of: { column: number; symbols: Uint8Array; events: KeyEvents },
): StateValues {
  const positions = positionsOf(plan, codedTexts(rows.columnAt(of.column)));
  const count = plan.sizes.length + (plan.nulls ? 1 : 0);
  const scores = categoryScores(of.events, of.symbols, count);
  const byPosition = Float64Array.from(symbolsOfPositions(plan), (symbol) => scores[symbol]);
  return {
    column: of.column,
    values: Float64Array.from(positions, (at) => at < 0 ? 0 : byPosition[at]),
    nulls: Uint8Array.from(positions, (at) => at < 0 ? 1 : 0),
    scores: byPosition,
    ...chainOf(of.symbols, count),
  };
}

/** The symbols of a column of few categories. */
function chainOf(symbols: Uint8Array, count: number): Pick<StateValues, "chain"> {
  if (count < 2 || count > MOST_CHAINED) return {};
  return {
    chain: { of: Uint32Array.from(symbols, (each) => Math.min(each, count - 1)), symbols: count },
  };
}

/** The columns in which keys may have states. */
function stateValues(
  encoding: Encoding,
  rows: RecordBatch,
  { symbols, events }: { symbols: readonly Uint8Array[]; events: KeyEvents },
): StateValues[] {
  return encoding.columns.flatMap((plan, column): StateValues[] => {
    if (plan.kind !== "category" && plan.kind !== "number") return [];
    if (plan.kind === "category" && plan.values.kind === "texts") {
      return [categoryValues(plan, rows, { column, symbols: symbols[plan.variable], events })];
    }
    const given = { column, ...sortableNumbers(rows.columnAt(column)) };
    if (plan.kind === "number") return [given];
    const count = plan.sizes.length + (plan.nulls ? 1 : 0);
    return [{ ...given, ...chainOf(symbols[plan.variable], count) }];
  });
}

function checkKeys(options: FitOptions): void {
  const both = keyNames(options).find((name) => name === options.key || name === options.time);
  if (both === undefined) return;
  throw new TypeError(
    `Cannot fit generator: column ${JSON.stringify(both)} is part of the primary key, and the ` +
      `${both === options.time ? "time" : "key"} of the stream; it can only be one`,
  );
}

function withoutColumns(options: FitOptions, names: readonly string[]): FitOptions {
  const columns = Object.entries(options.columns ?? {}).filter(([name]) => names.includes(name));
  return { ...options, columns: Object.fromEntries(columns) };
}

/**
 * Learns a stream: what its rows look like, when they come, which keys they have, and what keys
 * remember.
 *
 * @param rows Rows in the order in which they arrived.
 * @throws {TypeError | TrainingDataError} when it cannot be learned.
 */
export async function fitTwin(
  { batch, seen, times }: Required<TrainingRows>,
  options: FitOptions & { time: string },
): Promise<SavedModel> {
  checkKeys(options);
  const { time, key, arrival = {} } = options;
  const { keys: _, ...declared } = arrival;
  const arrivals = learnArrivals(times, declared);
  const order = timeOrder(times.subarray(0, batch.length));
  const { fields } = batch.schema;
  const at = batch.indexOf(time);
  const free = fields.map((_, of) => of).filter((of) => of !== at && fields[of].name !== key);
  const minCount = leastCount(options, batch.length);
  const learned = key === undefined
    ? undefined
    : learnTwinKeys(batch, order, { ...options, key, minCount, free });
  const events = learned?.events ?? keyEvents(new Int32Array(batch.length), 1);
  const keys = learned?.keys;
  const twin: Twin = { fields, time: at, arrivals, ...(keys && { keys }), states: NO_STATES };
  const names = drawnColumns(twin).map((of) => fields[of].name);
  const drawn = batch.select(names).take(order);
  const encoding = names.length === 0
    ? { columns: [], symbols: [] }
    : withDictionaries(encodingOf(drawn, { ...withoutColumns(options, names), keepTexts: true }));
  const columns = encodeRows(encoding, drawn);
  const symbols = { columns, symbols: encoding.symbols, length: batch.length };
  const model = await fitModel(symbols, { encoding, options });
  const values = stateValues(encoding, drawn, { symbols: columns, events });
  const states = learnStates(events, values, minCount);
  return { encoding, model, ...learnedFrom(batch, seen), twin: { ...twin, states } };
}
