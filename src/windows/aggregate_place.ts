import type { AggregateOp } from "../kernel/window_types.ts";

/** The aggregates that only JavaScript computes. */
export type OrderedOp =
  | "countDistinct"
  | "approxCountDistinct"
  | "quantile"
  | "quantiles"
  | "topK"
  | "highest"
  | "lowest"
  | "histogram"
  | "collect"
  | "aggregateOf"
  | "aggregateRows"
  | "foldRows"
  | "reduce";

/** Why an aggregate is not computed in the kernel but in JavaScript, of rows in source order. */
const ORDERED_OPS: Readonly<Record<OrderedOp, string>> = {
  countDistinct: "it keeps the values themselves, and a group in the kernel has a fixed size",
  approxCountDistinct: "its sketch grows, and a group in the kernel has a fixed size",
  quantile: "its sketch grows, and a group in the kernel has a fixed size",
  quantiles: "its sketch grows, and a group in the kernel has a fixed size",
  highest: "it keeps the values themselves, and a group in the kernel has a fixed size",
  lowest: "it keeps the values themselves, and a group in the kernel has a fixed size",
  topK: "it keeps the values themselves, and a group in the kernel has a fixed size",
  histogram: "a group in the kernel has no counts by bounds",
  collect: "it goes by the order in which rows came",
  aggregateOf: "it is made of functions of yours",
  aggregateRows: "it is a function of yours, of rows in the order in which they came",
  foldRows: "it is a function of yours, of rows in the order in which they came",
  reduce: "it is a function of yours, of rows in the order in which they came",
};

/** What an aggregate computes. */
export type AnyAggregateOp = AggregateOp | OrderedOp;

/** Whether the kernel can compute an aggregate: bees pre-aggregate it in any order. */
export function isKernelOp(op: AnyAggregateOp): op is AggregateOp {
  return !Object.hasOwn(ORDERED_OPS, op);
}

/** Why rows are brought in order to where an aggregate is computed in JavaScript. */
export function whyOrdered(op: OrderedOp): string {
  return ORDERED_OPS[op];
}
