import { several } from "../../batch/several.ts";
import * as t from "../../batch/types.ts";
import { nearestName } from "../../runtime/known_options.ts";
import { declareArrivals } from "../arrival/declare_arrivals.ts";
import { numbered } from "../encoding/encoding.ts";
import type { ColumnPlan, LookupPlan, Vocabulary } from "../encoding/plans.ts";
import { type KeyPopulation, type MadeKeys, NO_STATES } from "../entities/entities.ts";
import { madeKeys } from "../entities/key_names.ts";
import type { SavedModel } from "../model/model_file.ts";
import { checkStreamOptions, declaredShares, type StreamOptions } from "./twin_options.ts";
import { KEY_TYPES, type Twin, type TwinAttribute, type TwinKeys } from "./twin.ts";

function checkColumns(names: readonly string[], { time, key }: StreamOptions): void {
  if (names.includes(time!)) {
    throw new TypeError(
      `Cannot declare generator: time is the name of another column, a timestamp, received ` +
        `${JSON.stringify(time)}, which is declared among columns; leave that out`,
    );
  }
  if (key === undefined || names.includes(key)) return;
  const meant = nearestName(key, names);
  throw new TypeError(
    `Cannot declare generator: there is no column ${JSON.stringify(key)} for the key; ` +
      (meant ? `did you mean ${JSON.stringify(meant)}?` : `the columns are ${names.join(", ")}`),
  );
}

/** How keys are made that are declared as another column would be. */
function declaredKeys(
  plan: ColumnPlan,
): { known: Vocabulary; made: MadeKeys; shares?: Float64Array } {
  const { name, type } = plan.field;
  const isText = type.kind === "utf8" || type.kind === "dict";
  const known: Vocabulary = isText
    ? { kind: "texts", texts: [] }
    : { kind: "numbers", numbers: new Float64Array() };
  if (KEY_TYPES.includes(type.kind)) {
    if (plan.kind === "category" && !plan.nulls) {
      const { weights, values } = plan;
      const total = weights.reduce((a, b) => a + b, 0);
      const shares = weights.map((each) => each / total);
      return { known: values, made: madeKeys(values, () => ({ kind: "uuid" })), shares };
    }
    const maker = plan.kind === "key" ? plan.maker : undefined;
    if (maker?.kind === "pattern") return { known, made: maker };
    if (maker?.kind === "uuid") return { known, made: maker };
    if (maker?.kind === "sequence" && (maker.step ?? 1) === 1) {
      const { start: low = 1 } = maker;
      return { known, made: { kind: "range", low, high: low, step: 1 } };
    }
  }
  throw new TypeError(
    `Cannot declare generator: the key ${
      JSON.stringify(name)
    } must be a column of values without ` +
      `nulls, a pattern, a sequence of step 1, or UUIDs of "v4"`,
  );
}

function declaredPopulation(plan: ColumnPlan, { arrival }: StreamOptions): KeyPopulation {
  const { shares, ...keys } = declaredKeys(plan);
  if (shares && arrival?.keys !== undefined && arrival.keys.keys > shares.length) {
    throw new RangeError(
      `Cannot declare generator: there are to be ${arrival.keys.keys} keys, and column ` +
        `${JSON.stringify(plan.field.name)} has ${
          several(shares.length, "value")
        }; declare as many, or a pattern`,
    );
  }
  if (arrival?.keys !== undefined) return { ...keys, shares: declaredShares(arrival.keys) };
  if (shares) return { ...keys, shares };
  throw new TypeError(
    `Cannot declare generator: nothing says how many keys ${
      JSON.stringify(plan.field.name)
    } has; ` +
      `add arrival: { keys: zipf(10_000, 1.1) }`,
  );
}

/** A column that is looked up by the key. */
function attributeOf({ values, entries }: LookupPlan, at: number): TwinAttribute {
  return { at, values, positions: entries.subarray(1) };
}

/** The model without the key, and without what is looked up by it. */
function withoutKey(saved: SavedModel, key: number): SavedModel {
  const { encoding: { columns }, model } = saved;
  const isKept = (plan: ColumnPlan, at: number) =>
    at !== key && !(plan.kind === "lookup" && plan.by[0] === key);
  const places = columns.map((_, at) => columns.slice(0, at).filter(isKept).length);
  const kept = columns.filter(isKept).map((plan) =>
    plan.kind === "lookup" ? { ...plan, by: plan.by.map((at) => places[at]) } : plan
  );
  const plan = columns[key];
  const variable = plan.kind === "category" ? plan.variable : -1;
  if (model.kind !== "independent") return saved;
  const shares = model.shares.filter((_, at) => at !== variable);
  return { ...saved, encoding: numbered(kept), model: { ...model, shares } };
}

/**
 * The stream of a generator that is declared: rows of a model, with event times in a column before
 * the others, and keys.
 *
 * @throws {TypeError | RangeError} when it cannot be as it is declared.
 */
export function declaredTwin(saved: SavedModel, options: StreamOptions): SavedModel {
  checkStreamOptions(options);
  const { time, key, arrival = {} } = options;
  if (time === undefined) return saved;
  const plans = saved.encoding.columns;
  const names = plans.map(({ field }) => field.name);
  checkColumns(names, options);
  const of = key === undefined ? -1 : names.indexOf(key);
  const { keys: _, ...declared } = arrival;
  const keys: TwinKeys | undefined = of < 0 ? undefined : {
    at: of + 1,
    population: declaredPopulation(plans[of], options),
    attributes: plans.flatMap((plan, at) =>
      plan.kind === "lookup" && plan.by[0] === of ? [attributeOf(plan, at + 1)] : []
    ),
  };
  const twin: Twin = {
    fields: [{ name: time, type: t.timestamp }, ...plans.map(({ field }) => field)],
    time: 0,
    arrivals: declareArrivals(declared),
    ...(keys && { keys }),
    states: NO_STATES,
  };
  return of < 0 ? { ...saved, twin } : { ...withoutKey(saved, of), twin };
}
