import { create } from "../src/kernel/kernel.ts";
import { NumberColumns } from "../src/kernel/number_columns.ts";
import { randomOf } from "./support/shapes.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const ROWS = 100_000;

const NUMBERS: Readonly<Record<string, (random: () => number) => number>> = {
  "two decimals": (random) => Math.round(random() * 100_000) / 100,
  "17 digits": (random) => random(),
  "any size": (random) => (random() - 0.5) * 10 ** Math.floor(random() * 600 - 300),
};

/** Lines of numbers, and the column that they are. */
function linesOf(make: (random: () => number) => number) {
  const random = randomOf(5);
  const texts = Array.from({ length: ROWS }, () => String(make(random)));
  const offsets = new Int32Array(ROWS + 1);
  texts.forEach((text, i) => offsets[i + 1] = offsets[i] + text.length);
  return { texts, column: { bytes: new TextEncoder().encode(texts.join("")), offsets } };
}

function reading(name: string, make: (random: () => number) => number): Promise<BenchRow> {
  const kernel = new NumberColumns(create());
  const { texts, column } = linesOf(make);
  return compare({
    name: `texts of ${name} → doubles, against Number() of strings`,
    contender: () => kernel.readDoubles(column, false).length,
    baseline: () => {
      const values = new Float64Array(ROWS);
      for (let i = 0; i < ROWS; i++) values[i] = Number(texts[i]);
      return values.length;
    },
  });
}

function writing(name: string, make: (random: () => number) => number): Promise<BenchRow> {
  const kernel = new NumberColumns(create());
  const random = randomOf(7);
  const values = Float64Array.from({ length: ROWS }, () => make(random));
  return compare({
    name: `doubles of ${name} → texts, against join()`,
    contender: () => kernel.write("f64", values).offsets.length - 1,
    baseline: () => {
      values.join("\n");
      return ROWS;
    },
  });
}

/** Numbers from text, and back. */
export const group: BenchGroup = {
  name: "numbers",
  rows: async () => {
    const rows: BenchRow[] = [];
    for (const [name, make] of Object.entries(NUMBERS)) {
      rows.push(await reading(name, make), await writing(name, make));
    }
    return rows;
  },
};
