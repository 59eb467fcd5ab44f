import { nearestName, received } from "../../runtime/known_options.ts";
import { numbered } from "../encoding/encoding.ts";
import type { ColumnPlan } from "../encoding/plans.ts";
import type { SavedModel } from "../model/model_file.ts";
import { declaredTwin } from "../twins/declared_twin.ts";
import type { TwinArrivalOptions } from "../twins/twin_options.ts";
import type { ColumnSpec, ColumnSpecs, LookupSpec } from "./column_spec.ts";
import { badColumn, kindOfSpec } from "./column_spec.ts";
import { type DeclaredColumn, declaredColumn, declaredLookup } from "./declared_column.ts";

/** A generator that is declared. */
export interface GeneratorSpec<
  Specs extends ColumnSpecs = ColumnSpecs,
  Time extends string = string,
> {
  /** The columns by name, in order. */
  readonly columns: Specs;
  /** The name of a column of event times, before the others: the generator is then of a stream. */
  readonly time?: Time;
  /** Which of the columns says what events belong together: its values are the keys of the stream. */
  readonly key?: string;
  /** At what rate events come, out of what order, and how frequent keys are. */
  readonly arrival?: TwinArrivalOptions;
}

const MOST_COLUMNS = 10_000;
const SPEC_KEYS: readonly string[] = ["columns", "time", "key", "arrival"];

function checkSpec(spec: unknown): asserts spec is GeneratorSpec {
  const isObject = typeof spec === "object" && spec !== null && !Array.isArray(spec);
  const unknown = isObject ? Object.keys(spec).find((key) => !SPEC_KEYS.includes(key)) : undefined;
  if (unknown !== undefined) {
    const meant = nearestName(unknown, SPEC_KEYS) ?? "columns: { … }";
    throw new TypeError(
      `Cannot declare generator: there is no ${JSON.stringify(unknown)}; did you mean ${meant}?`,
    );
  }
  const { columns } = Object(spec) as { columns?: unknown };
  const isRight = typeof columns === "object" && columns !== null && !Array.isArray(columns);
  if (isRight && Object.keys(columns).length > 0) return;
  throw new TypeError(
    `Cannot declare generator: it takes columns such as { columns: { n: { uniform: [0, 1] } } }, ` +
      `received ${received(isObject ? columns : spec)}`,
  );
}

/**
 * The model of a generator that is declared: columns that have nothing to do with each other, but
 * for those that follow from others.
 *
 * @throws {TypeError} when a column cannot be as it is declared.
 */
export function declaredModel(spec: GeneratorSpec): SavedModel {
  checkSpec(spec);
  const given = Object.entries<ColumnSpec>(spec.columns);
  if (given.length > MOST_COLUMNS) {
    badColumn(given[MOST_COLUMNS][0], `there are ${given.length} of them`);
  }
  const isLookup = given.map(([name, column]) => kindOfSpec(name, column) === "lookup");
  const declared = given.map(([name, column], at): DeclaredColumn =>
    isLookup[at]
      ? { plan: { kind: "null", field: { name, type: { kind: "i32" } } } }
      : declaredColumn(name, column)
  );
  const plans = declared.map(({ plan }) => plan);
  const placed = plans.map((plan, at): ColumnPlan =>
    isLookup[at] ? declaredLookup(given[at][0], given[at][1] as LookupSpec, plans) : plan
  );
  const shares = declared.flatMap(({ shares }) => shares ? [shares] : []);
  const model = { kind: "independent", shares } as const;
  return declaredTwin({ encoding: numbered(placed), model, rows: 0 }, spec);
}
