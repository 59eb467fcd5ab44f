import { featureOf, halved } from "./alike_groups.ts";
import type { CategoryPlan, Vocabulary } from "./plans.ts";

/** How much of a column's variance its categories have to explain to be grouped by it. */
const LEAST_EXPLAINED = 0.1;

/** Categories of which symbols stand for several, and the position of each row's. */
export interface GroupedRows {
  readonly plan: CategoryPlan;
  readonly positions: Int32Array;
}

/** The ranks of numbers, from 0 to 1; NaN where there is none. */
export function ranksOf(values: Float64Array, nulls: Uint8Array): Float64Array {
  const order = Uint32Array.from(values.keys()).filter((row) => nulls[row] === 0)
    .sort((a, b) => values[a] - values[b]);
  const out = new Float64Array(values.length).fill(NaN);
  for (let at = 0; at < order.length;) {
    let end = at + 1;
    while (end < order.length && values[order[end]] === values[order[at]]) end++;
    for (const middle = (at + end - 1) / 2; at < end; at++) out[order[at]] = middle / order.length;
  }
  return out;
}

function picked(values: Vocabulary, order: readonly number[]): Vocabulary {
  return values.kind === "texts"
    ? { kind: "texts", texts: order.map((at) => values.texts[at]) }
    : { kind: "numbers", numbers: Float64Array.from(order, (at) => values.numbers[at]) };
}

/**
 * Groups the categories that share symbols by their likeness in other columns, so that little is
 * lost: counties by where they are, say.
 *
 * @param others The other columns as ranks from 0 to 1, NaN where there is none.
 */
export function groupAlike(
  { plan, positions }: GroupedRows,
  others: readonly Float64Array[],
): GroupedRows {
  const { values, sizes, weights, other } = plan;
  const alone = sizes.findIndex((size) => size > 1);
  if (values.kind !== "texts" || alone < 0) return { plan, positions };
  const features = others.map((ranks) => featureOf(ranks, positions, weights.length))
    .filter(({ explained }) => explained >= LEAST_EXPLAINED);
  if (features.length === 0) return { plan, positions };
  const rest = Array.from({ length: weights.length - alone }, (_, at) => alone + at);
  const groups = halved(rest, sizes.length - alone, { features, weights });
  const order = [...Array(alone).keys(), ...groups.flat()];
  const places = new Int32Array(order.length);
  order.forEach((from, to) => places[from] = to);
  return {
    plan: {
      ...plan,
      values: picked(values, order),
      weights: Float64Array.from(order, (at) => weights[at]),
      sizes: [...sizes.slice(0, alone), ...groups.map(({ length }) => length)],
      other: other < 0 ? other : places[other],
    },
    positions: positions.map((position) => position < 0 ? position : places[position]),
  };
}
