import { lowerBound } from "../../batch/sorted_numbers.ts";
import type { Coded } from "./coded_values.ts";
import type { CategoryPlan, Vocabulary } from "./plans.ts";
import { MOST_VALUES } from "./plans.ts";

const LONGEST_TEXT = 65_536;
const OTHER = "other";

/** What categories are made with. */
export interface CategoryOptions {
  /** The most symbols, that of null included. */
  readonly symbols: number;
  /** The fewest rows of a value that is kept. */
  readonly minCount: number;
}

type Categories = Pick<CategoryPlan, "values" | "sizes" | "weights" | "nulls" | "other">;

function countsOf({ codes }: Coded, size: number): { counts: Float64Array; nulls: boolean } {
  const counts = new Float64Array(size);
  let nulls = false;
  for (const code of codes) {
    if (code < 0) nulls = true;
    else counts[code]++;
  }
  return { counts, nulls };
}

/** How many symbols stand for one value each, and how many for several. */
function symbolSizes(values: number, most: number): number[] {
  if (values <= most) return Array(values).fill(1);
  const groups = most >> 1;
  const alone = most - groups;
  const rest = values - alone;
  const sizes = Array<number>(alone).fill(1);
  for (let group = 0; group < groups; group++) {
    const start = Math.floor((rest * group) / groups);
    sizes.push(Math.floor((rest * (group + 1)) / groups) - start);
  }
  return sizes.filter((size) => size > 0);
}

/** Texts that are kept: the frequent ones in order of frequency, those in groups by their letters. */
function keptTexts(texts: readonly string[], counts: Float64Array, options: CategoryOptions) {
  const kept = texts.map((text, at) => ({ text, count: counts[at] }))
    .filter(({ text, count }) => count >= options.minCount && text.length <= LONGEST_TEXT)
    .sort((a, b) => b.count - a.count || compare(a.text, b.text))
    .slice(0, MOST_VALUES - 1);
  let folded = counts.reduce((sum, count) => sum + count, 0);
  for (const { count } of kept) folded -= count;
  let other = -1;
  if (folded > 0) {
    other = kept.findIndex(({ text }) => text === OTHER);
    if (other >= 0) kept[other] = { text: OTHER, count: kept[other].count + folded };
    else kept.push({ text: OTHER, count: folded });
    kept.sort((a, b) => b.count - a.count || compare(a.text, b.text));
    other = kept.findIndex(({ text }) => text === OTHER);
  }
  return { kept, other };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Categories of texts. */
export function textCategories(coded: Coded, options: CategoryOptions): Categories {
  const { texts } = coded.values as Vocabulary & { kind: "texts" };
  const { counts, nulls } = countsOf(coded, texts.length);
  const { kept, other } = keptTexts(texts, counts, options);
  const sizes = symbolSizes(kept.length, options.symbols - (nulls ? 1 : 0));
  const alone = sizes.findIndex((size) => size > 1);
  if (alone >= 0) {
    const rest = kept.splice(alone).sort((a, b) => compare(a.text, b.text));
    kept.push(...rest);
  }
  return {
    values: { kind: "texts", texts: kept.map(({ text }) => text) },
    sizes,
    weights: Float64Array.from(kept, ({ count }) => count),
    nulls,
    other: other < 0 ? -1 : kept.findIndex(({ text }) => text === OTHER),
  };
}

/** Categories of values with weights, of which none is left out; equal values are one. */
export function declaredCategories(
  values: Vocabulary,
  weights: readonly number[],
  symbols: number,
): Pick<CategoryPlan, "values" | "sizes" | "weights"> {
  const all: readonly (string | number)[] = values.kind === "texts"
    ? values.texts
    : Array.from(values.numbers);
  const sums = new Map<string | number, number>();
  all.forEach((value, at) => sums.set(value, (sums.get(value) ?? 0) + weights[at]));
  const size = sums.size;
  const ordered = Array.from(sums);
  if (values.kind === "numbers") {
    ordered.sort(([a], [b]) => Number(a) - Number(b));
    return {
      values: { kind: "numbers", numbers: Float64Array.from(ordered, ([value]) => Number(value)) },
      sizes: size <= symbols ? Array<number>(size).fill(1) : evenSizes(size, symbols),
      weights: Float64Array.from(ordered, ([, weight]) => weight),
    };
  }
  ordered.sort(([a, m], [b, n]) => n - m || compare(String(a), String(b)));
  const sizes = symbolSizes(size, symbols);
  const alone = sizes.findIndex((each) => each > 1);
  if (alone >= 0) {
    ordered.push(...ordered.splice(alone).sort(([a], [b]) => compare(String(a), String(b))));
  }
  return {
    values: { kind: "texts", texts: ordered.map(([text]) => String(text)) },
    sizes,
    weights: Float64Array.from(ordered, ([, weight]) => weight),
  };
}

/** Categories of numbers: rare ones become the nearest that is kept. */
export function numberCategories(coded: Coded, options: CategoryOptions): Categories {
  const { numbers } = coded.values as Vocabulary & { kind: "numbers" };
  const { counts, nulls } = countsOf(coded, numbers.length);
  const order = Array.from(numbers.keys());
  const byCount = order.toSorted((a, b) => counts[b] - counts[a] || numbers[a] - numbers[b]);
  const frequent = byCount.filter((at) => counts[at] >= options.minCount).slice(0, MOST_VALUES);
  const chosen = frequent.length > 0 ? frequent : byCount.slice(0, 1);
  chosen.sort((a, b) => numbers[a] - numbers[b]);
  const kept = Float64Array.from(chosen, (at) => numbers[at]);
  const weights = new Float64Array(kept.length);
  order.forEach((at) => weights[nearest(kept, numbers[at])] += counts[at]);
  const most = options.symbols - (nulls ? 1 : 0);
  const sizes = kept.length <= most
    ? Array<number>(kept.length).fill(1)
    : evenSizes(kept.length, most);
  return { values: { kind: "numbers", numbers: kept }, sizes, weights, nulls, other: -1 };
}

function evenSizes(values: number, symbols: number): number[] {
  return Array.from(
    { length: symbols },
    (_, s) => Math.floor((values * (s + 1)) / symbols) - Math.floor((values * s) / symbols),
  );
}

/** The position of the nearest of ascending numbers. */
export function nearest(numbers: Float64Array, value: number): number {
  const at = lowerBound(numbers, value);
  const isBelow = at === numbers.length || value - numbers[at - 1] <= numbers[at] - value;
  return at > 0 && isBelow ? at - 1 : at;
}

/** Stands for a value that was not among those learned from. */
const UNSEEN = -2;

/** Where the values of `coded` are in the plan's list; −1 for null, `UNSEEN` for what is not. */
export function positionsOf(plan: Categories, { codes, values }: Coded): Int32Array {
  const map = positionMap(plan, values);
  return codes.map((code) => code < 0 ? -1 : map[code]);
}

function positionMap(plan: Categories, from: Vocabulary): Int32Array {
  if (from.kind === "numbers") {
    const { numbers } = plan.values as Vocabulary & { kind: "numbers" };
    return Int32Array.from(from.numbers, (value) => nearest(numbers, value));
  }
  const { texts } = plan.values as Vocabulary & { kind: "texts" };
  const positions = new Map(texts.map((text, at) => [text, at]));
  return Int32Array.from(
    from.texts,
    (text) => positions.get(text) ?? (plan.other < 0 ? UNSEEN : plan.other),
  );
}

/** The symbol of each position in the plan's list. */
export function symbolsOfPositions({ sizes }: Pick<CategoryPlan, "sizes">): Uint8Array {
  return Uint8Array.from(sizes.flatMap((size, symbol) => Array<number>(size).fill(symbol)));
}
