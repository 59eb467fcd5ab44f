import type { Column } from "../../batch/column.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { positionsOf, symbolsOfPositions } from "./category_plan.ts";
import { type Coded, codedColumn, codedTexts } from "./coded_values.ts";
import { counted, isText, numbersOf } from "./column_values.ts";
import { partsOf } from "./number_parts.ts";
import { type CategoryPlan, type Encoding, KNOTS, type NumberPlan } from "./plans.ts";
import { NO_TIME, timesOfTexts } from "./time_texts.ts";
import { BinFinder } from "./quantile_bins.ts";

/** The symbol of what was not among the rows that were learned from. */
export const NO_SYMBOL = 255;

/** Where the values of a column are in the plan's list; −1 for null, `UNSEEN` for what is not. */
export function positionsIn(plan: CategoryPlan, column: Column): Int32Array {
  const coded: Coded = isText(plan.field.type)
    ? codedTexts(column)
    : codedColumn(column, plan.field.name, plan.unit!);
  return positionsOf(plan, coded);
}

function encodeCategory(plan: CategoryPlan, column: Column, out: Uint8Array[]): void {
  const symbols = symbolsOfPositions(plan);
  const none = plan.nulls ? plan.sizes.length : NO_SYMBOL;
  const to = out[plan.variable];
  positionsIn(plan, column).forEach((position, row) => {
    to[row] = position >= 0 ? symbols[position] : position === -1 ? none : NO_SYMBOL;
  });
}

/** The parts of the numbers of a column, by row, and which are null. */
export function partedNumbers(plan: NumberPlan, column: Column) {
  const numbers = plan.text ? timesOfTexts(column, plan.text) : numbersOf(column, plan.field.name);
  const values = counted(numbers, plan.unit);
  const split = { scales: plan.parts.map(({ scale }) => scale), offset: plan.offset };
  return { parted: Array.from(values, (value) => partsOf(split, value)), nulls: numbers.nulls };
}

function encodeNumber(plan: NumberPlan, column: Column, out: Uint8Array[]): void {
  const { parted, nulls } = partedNumbers(plan, column);
  plan.parts.forEach((part, at) => {
    const finder = new BinFinder(part.knots);
    const none = plan.nulls ? part.knots.length / KNOTS : NO_SYMBOL;
    const to = out[part.variable];
    for (let row = 0; row < to.length; row++) {
      const found = nulls[row] === NO_TIME ? NO_SYMBOL : finder.find(parted[row][at]);
      to[row] = nulls[row] === 1 ? none : found;
    }
  });
}

/**
 * The symbols of rows: a column of bytes for each variable; `NO_SYMBOL` for what the rows that were
 * learned from had not.
 */
export function encodeRows({ columns, symbols }: Encoding, batch: RecordBatch): Uint8Array[] {
  const out = symbols.map(() => new Uint8Array(batch.length));
  for (const plan of columns) {
    if (plan.kind !== "category" && plan.kind !== "number") continue;
    const column = batch.column(plan.field.name);
    if (plan.kind === "category") encodeCategory(plan, column, out);
    else encodeNumber(plan, column, out);
  }
  return out;
}
