import { faker } from "@faker-js/faker";
import { BIRD_COLUMNS } from "./bird_columns.ts";

/** How faker fills a column: texts as often as they come, or as often as each other. */
export function fakerCell(rows: readonly Record<string, unknown>[], at: number, weighs: boolean) {
  const { name, type: { kind } } = BIRD_COLUMNS.fields[at];
  const values = rows.map((row) => row[name]).filter((value) => value !== null);
  if (kind === "dict") {
    const counts = Map.groupBy(values as string[], (value) => value);
    const weighted = Array.from(counts, ([value, all]) => ({ value, weight: all.length }));
    const texts = [...counts.keys()];
    return weighs
      ? () => faker.helpers.weightedArrayElement(weighted)
      : () => faker.helpers.arrayElement(texts);
  }
  const sorted = Float64Array.from(values as number[]).sort();
  const [from, to] = [sorted[0], sorted[sorted.length - 1]];
  return kind === "timestamp"
    ? () => faker.date.between({ from, to }).getTime()
    : () => faker.number.int({ min: from, max: to });
}

/** Rows of such columns, as one writes them with faker. */
export function* fakerObjects(
  cells: readonly (() => unknown)[],
  count: number,
): Generator<Record<string, unknown>> {
  const names = BIRD_COLUMNS.fields.map(({ name }) => name);
  for (let row = 0; row < count; row++) {
    const made: Record<string, unknown> = {};
    for (let at = 0; at < cells.length; at++) made[names[at]] = cells[at]();
    yield made;
  }
}

/** Makes so many rows; returns how many. */
export function fakerRows(cells: readonly (() => unknown)[], count: number): number {
  const names = BIRD_COLUMNS.fields.map(({ name }) => name);
  for (let row = 0; row < count; row++) {
    const made: Record<string, unknown> = {};
    for (let at = 0; at < cells.length; at++) made[names[at]] = cells[at]();
  }
  return count;
}
