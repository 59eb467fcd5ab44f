import type { RecordBatch } from "../../batch/record_batch.ts";
import { partedNumbers, positionsIn } from "./encode_rows.ts";
import {
  type CategoryPlan,
  type Encoding,
  KNOTS,
  type NumberPart,
  type NumberPlan,
} from "./plans.ts";

/** Values that stand for those that a symbol was learned from. */
const POINTS = 64;
/** What the counts of a symbol's values are at least, so that their shares stay known. */
const LEAST_WEIGHT = 1e-3;

/** Rows by which an encoding is updated. */
export interface EncodingUpdate {
  readonly batch: RecordBatch;
  /** Their symbols, a column for each variable. */
  readonly columns: readonly Uint8Array[];
  /** As how many rows what was learned before counts, for each symbol of each variable. */
  readonly before: readonly Float64Array[];
}

function updatedWeights(plan: CategoryPlan, { batch, before }: EncodingUpdate): Float64Array {
  const out = new Float64Array(plan.weights.length);
  let first = 0;
  plan.sizes.forEach((size, symbol) => {
    const own = plan.weights.subarray(first, first + size);
    const total = own.reduce((sum, each) => sum + each, 0);
    const rows = Math.max(LEAST_WEIGHT, before[plan.variable][symbol]);
    own.forEach((each, at) => out[first + at] = (each / total) * rows);
    first += size;
  });
  const positions = positionsIn(plan, batch.column(plan.field.name));
  for (const position of positions) if (position >= 0) out[position]++;
  return out;
}

/** Numbers of which each counts as so many rows. */
interface Weighted {
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

/** The numbers below which even shares of rows are, without the least and the greatest. */
function innerKnots({ values, weights }: Weighted): number[] {
  const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const total = weights.reduce((sum, each) => sum + each, 0);
  const out: number[] = [];
  let sum = 0;
  for (const at of order) {
    sum += weights[at];
    while (out.length < KNOTS - 2 && sum >= (total * (out.length + 1)) / (KNOTS - 1)) {
      out.push(values[at]);
    }
  }
  while (out.length < KNOTS - 2) out.push(values[order[order.length - 1]]);
  return out;
}

/** The knots of a symbol that also stands for `added`, where so many rows were there before. */
function widened(
  knots: Float64Array,
  added: readonly number[],
  { rows, whole }: { rows: number; whole: boolean },
): number[] {
  const known = Array.from({ length: POINTS }, (_, i) => {
    const place = ((i + 0.5) / POINTS) * (KNOTS - 1);
    const at = Math.floor(place);
    return knots[at] + (knots[at + 1] - knots[at]) * (place - at);
  });
  const values = Float64Array.from([...known, ...added]);
  const weights = values.map((_, at) => at < POINTS ? rows / POINTS : 1);
  const margin = whole ? 0.5 : 0; // so that the outermost numbers get their share when rounded
  const [low, high] = added.reduce(
    ([low, high], each) => [Math.min(low, each - margin), Math.max(high, each + margin)],
    [knots[0], knots[KNOTS - 1]],
  );
  const inner = innerKnots({ values, weights }).map((knot) => Math.max(low, Math.min(high, knot)));
  return [low, ...inner, high];
}

function updatedPart(
  part: NumberPart,
  values: readonly number[],
  { columns, before }: Pick<EncodingUpdate, "columns" | "before">,
): NumberPart {
  const { knots, variable, whole } = part;
  const symbols = columns[variable];
  const added: number[][] = [];
  const [least, greatest] = [Math.min(...knots), Math.max(...knots)];
  for (let row = 0; row < values.length; row++) {
    const at = symbols[row] * KNOTS;
    if (!(at < knots.length)) continue; // null
    const isBin = knots[at] < knots[at + KNOTS - 1];
    if (!isBin && values[row] >= least && values[row] <= greatest) continue;
    (added[symbols[row]] ??= []).push(values[row]);
  }
  const out = knots.slice();
  added.forEach((some, symbol) => {
    const own = knots.subarray(symbol * KNOTS, (symbol + 1) * KNOTS);
    const rows = before[variable][symbol];
    out.set(widened(own, some, { rows, whole }), symbol * KNOTS);
  });
  return { ...part, knots: out };
}

function updatedNumber(plan: NumberPlan, update: EncodingUpdate): NumberPlan {
  const { parted } = partedNumbers(plan, update.batch.column(plan.field.name));
  const parts = plan.parts.map((part, at) =>
    updatedPart(part, parted.map((parts) => parts[at]), update)
  );
  return { ...plan, parts };
}

/**
 * The encoding with the values within symbols as they were and as they are in rows: how often each
 * category of a group comes, and where the numbers of a bin lie. A number beyond all bins widens the
 * outermost; symbols stay what they are otherwise.
 */
export function updatedEncoding(encoding: Encoding, update: EncodingUpdate): Encoding {
  const columns = encoding.columns.map((plan) => {
    if (plan.kind === "category") return { ...plan, weights: updatedWeights(plan, update) };
    return plan.kind === "number" ? updatedNumber(plan, update) : plan;
  });
  return { ...encoding, columns };
}
