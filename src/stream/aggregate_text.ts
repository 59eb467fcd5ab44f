import { printExpression } from "../batch/expressions/print.ts";
import type { AggregateSpec } from "../windows/aggregate.ts";

/** An aggregate in words, such as `quantile("latency", 0.5)`. */
export function aggregateText(spec: AggregateSpec): string {
  const { op, column, by } = spec;
  const of = [column, by].filter((each) => each !== undefined).map((each) => nameOf(spec, each));
  return `${op}(${
    [...of, ...(spec.rows ? [rowsText(spec)] : []), ...optionTexts(spec)].join(", ")
  })`;
}

function nameOf({ computed = [] }: AggregateSpec, column: string): string {
  const made = computed.find(({ name }) => name === column);
  return made ? printExpression(made.node) : JSON.stringify(column);
}

function rowsText(spec: AggregateSpec): string {
  return spec.filter === undefined ? "whole rows" : `whole rows, ${nameOf(spec, spec.filter)}`;
}

function optionTexts({ op, options = {} }: AggregateSpec): string[] {
  const { quantiles = [], k, bounds } = options;
  return [
    ...(op === "quantiles" ? [`[${quantiles.join(", ")}]`] : quantiles.map(String)),
    ...(k === undefined ? [] : [String(k)]),
    ...(bounds === undefined ? [] : [`${bounds.length - 1} bins`]),
  ];
}
