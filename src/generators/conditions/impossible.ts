import { argsOf, columnNames, type ExprNode } from "../../batch/expressions/node.ts";
import { listNames, showName } from "../../batch/shown_names.ts";
import { nearestName } from "../../runtime/known_options.ts";
import type { ColumnPlan, Encoding, Vocabulary } from "../encoding/plans.ts";
import { rowValue } from "./column_truth.ts";
import { shown } from "./condition_values.ts";
import { NumberConditions } from "./number_condition.ts";
import { plainCondition } from "./plain_condition.ts";
import { partsOfSum, sumAsNumber } from "./sum_condition.ts";

/** More values are not listed. */
const MOST_VALUES = 10;

/** A value of rows for a message, times as texts. */
function shownValue({ type }: ColumnPlan["field"], value: unknown): string {
  const day = 86_400_000;
  if (type.kind === "timestamp") return new Date(Number(value)).toISOString();
  if (type.kind === "date") return new Date(Number(value) * day).toISOString().slice(0, 10);
  if (type.kind === "time") return new Date(Number(value)).toISOString().slice(11, 23);
  return typeof value === "string" ? value : shown(value);
}

function literals(node: ExprNode): readonly unknown[] {
  return node.op === "lit" ? [node.value] : argsOf(node).flatMap(literals);
}

function listedValues(plan: ColumnPlan & { values: Vocabulary }, node: ExprNode): string {
  const name = showName(plan.field.name);
  const { values } = plan;
  if (values.kind === "numbers") {
    const { numbers } = values;
    const unit = "unit" in plan ? plan.unit : undefined;
    const show = (at: number) =>
      shownValue(plan.field, unit && rowValue(plan.field, unit, numbers[at]));
    const all = Array.from(numbers.keys());
    return `the values of ${name} are ` +
      (all.length <= MOST_VALUES
        ? all.map(show).join(", ")
        : `${all.length} from ${show(0)} to ${show(numbers.length - 1)}`);
  }
  const asked = literals(node).find((value) =>
    typeof value === "string" && !values.texts.includes(value)
  );
  const meant = asked === undefined ? undefined : nearestName(String(asked), values.texts);
  if (meant !== undefined) {
    return `${name} never is ${showName(String(asked))}; did you mean ${showName(meant)}?`;
  }
  const folded = "other" in plan && plan.other >= 0
    ? `; those that were rare have become ${showName(values.texts[plan.other])}`
    : "";
  const shownTexts = values.texts.slice(0, MOST_VALUES);
  const more = values.texts.length - shownTexts.length;
  return `the values of ${name} are ${listNames(shownTexts)}${
    more > 0 ? ` and ${more} more` : ""
  }${folded}`;
}

/** What values a column has. */
function valuesOf(plan: ColumnPlan, node: ExprNode, encoding: Encoding): string {
  const name = showName(plan.field.name);
  switch (plan.kind) {
    case "sum":
      return `${name} is the sum of ${
        listNames(partsOfSum(encoding, plan).map(({ field }) => field.name))
      }: ${valuesOf(sumAsNumber(encoding, plan), node, encoding)}`;
    case "category":
    case "lookup":
      return listedValues(plan, node);
    case "number": {
      const [low, high] = new NumberConditions(plan).bounds;
      const [from, to] = [shownValue(plan.field, low), shownValue(plan.field, high)];
      return `${name} is from ${from} to ${to}${plan.nulls ? " or null" : ", and never null"}`;
    }
    case "null":
      return `${name} is null in every row`;
    case "key":
      return `${name} is made`;
  }
}

/**
 * The error of conditions that no row can satisfy: what of them cannot be, and of what columns.
 *
 * @param canBe Whether rows can satisfy some of the parts.
 */
export function impossible(
  encoding: Encoding,
  parts: readonly ExprNode[],
  canBe: (some: readonly ExprNode[]) => boolean,
): RangeError {
  const { columns } = encoding;
  const alone = parts.find((part) => !canBe([part]));
  const why = (part: ExprNode) =>
    columnNames(part).map((name) => columns.find(({ field }) => field.name === name)!)
      .map((plan) => valuesOf(plan, part, encoding)).join("; ");
  if (alone) {
    const of = why(alone);
    return new RangeError(
      `Cannot compile conditions: no row can satisfy ${plainCondition(alone)}${of && `: ${of}`}`,
    );
  }
  let count = 1;
  while (count < parts.length && canBe(parts.slice(0, count))) count++;
  const last = parts[count - 1];
  const names = Array.from(new Set(parts.slice(0, count).flatMap(columnNames)));
  return new RangeError(
    `Cannot compile conditions: no row can satisfy ${
      plainCondition(last)
    } together with what else ` +
      `is asked of ${listNames(names)}; ask for less`,
  );
}
