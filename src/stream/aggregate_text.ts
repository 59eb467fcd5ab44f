import { printExpression } from "../batch/expressions/print.ts";
import { Aggregate, type AggregateSpec } from "../windows/aggregate.ts";

/** An aggregate in words, such as `quantile("latency", 0.5)`. */
export function aggregateText(spec: AggregateSpec): string {
  const { of, where } = spec instanceof Aggregate ? spec.written : computedOf(spec);
  const parts = [...of, ...(spec.rows ? ["whole rows"] : []), ...optionTexts(spec)];
  return `${spec.op}(${parts.join(", ")})${where.map((each) => `.where(${each})`).join("")}`;
}

/** Of plain data: what is computed, conditions among it. */
function computedOf(spec: AggregateSpec): { of: readonly string[]; where: readonly string[] } {
  const { column, by, filter } = spec;
  const names = [column, by, filter].filter((each) => each !== undefined);
  return { of: names.map((each) => nameOf(spec, each)), where: [] };
}

function nameOf({ computed = [] }: AggregateSpec, column: string): string {
  const made = computed.find(({ name }) => name === column);
  return made ? printExpression(made.node) : JSON.stringify(column);
}

function optionTexts({ op, options = {} }: AggregateSpec): string[] {
  const { quantiles = [], k, bounds } = options;
  return [
    ...(op === "quantiles" ? [`[${quantiles.join(", ")}]`] : quantiles.map(String)),
    ...(k === undefined ? [] : [String(k)]),
    ...(bounds === undefined ? [] : [`${bounds.length - 1} bins`]),
  ];
}
