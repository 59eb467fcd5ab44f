import { typeName } from "../../batch/schema_check.ts";
import { several } from "../../batch/several.ts";
import { describeTwin } from "../twins/describe_twin.ts";
import type { SavedModel } from "./model_file.ts";
import { faceOf } from "./model_kinds.ts";
import { shownField } from "../encoding/time_texts.ts";
import { type ColumnPlan, KNOTS, sizeOf } from "../encoding/plans.ts";

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function describePlan(plan: ColumnPlan, columns: readonly ColumnPlan[]): string {
  switch (plan.kind) {
    case "category": {
      const { weights, other } = plan;
      const total = weights.reduce((sum, each) => sum + each, 0);
      const folded = other < 0 ? "" : `, ${percent(weights[other] / total)} folded into "other"`;
      const categories = several(sizeOf(plan.values), "category", "categories");
      return `${categories} in ${several(plan.sizes.length, "symbol")}${folded}`;
    }
    case "number": {
      const symbols = plan.parts.map(({ knots }) => knots.length / KNOTS);
      const places = Math.log10(plan.unit.divisor);
      const grid = places > 0 ? `, ${several(places, "place")}` : "";
      const what = plan.text ? `times as ${plan.text.format}` : "numbers";
      return `${what} in ${symbols.join(" × ")} symbols${grid}`;
    }
    case "lookup": {
      const by = plan.by.map((at) => columns[at].field.name);
      return `follows from ${by.join(" and ")}`;
    }
    case "sum":
      return `the sum of ${plan.of.map((at) => columns[at].field.name).join(" and ")}`;
    case "key":
      return plan.maker.kind === "pattern"
        ? `key, made by the pattern ${plan.maker.text}`
        : `key, made as ${plan.maker.kind === "uuid7" ? "uuid of version 7" : plan.maker.kind}`;
    case "null":
      return "null in every row";
  }
}

function originOf({ rows, sampled }: SavedModel): string {
  const count = (rows: number) => rows.toLocaleString("en-US");
  const what = rows === 1 ? "row" : "rows";
  if (rows === 0) return "declared";
  return `learned from ${sampled === undefined ? "" : `${count(sampled)} of `}${
    count(rows)
  } ${what}`;
}

/** What has been learned, for people: a line for the model, and one for each column. */
export function describeModel(saved: SavedModel): string {
  const { encoding: { columns }, model, twin } = saved;
  const width = Math.max(0, ...columns.map(({ field }) => field.name.length));
  const lines = columns.map((plan) => {
    const { name, type } = shownField(plan);
    const nulls = "nulls" in plan && plan.nulls ? ", nulls" : "";
    return `  ${name.padEnd(width)}  ${typeName(type)}: ${describePlan(plan, columns)}${nulls}`;
  });
  return [
    `${faceOf(model).describe(model)}, ${originOf(saved)}`,
    ...lines,
    ...(twin ? describeTwin(twin) : []),
  ].join("\n");
}
