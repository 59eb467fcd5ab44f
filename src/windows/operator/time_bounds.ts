import type { AggregateFunction } from "../aggregate_function.ts";

function extreme(init: number, choose: (a: number, b: number) => number): AggregateFunction {
  const fn: AggregateFunction<number> = {
    type: { kind: "f64" },
    nullable: false,
    init: () => init,
    open: (_, { times }) => (state, row) => choose(state, times[row]),
    merge: choose,
    result: (state) => state,
    save: (state) => state,
    load: (saved) => saved as number,
  };
  return fn as AggregateFunction;
}

/** The least and the greatest time of rows, ms. */
export const TIME_BOUNDS: readonly AggregateFunction[] = [
  extreme(Infinity, Math.min),
  extreme(-Infinity, Math.max),
];
