import { assert, assertEquals } from "@std/assert";
import { RecordReader, RecordWriter } from "../src/batch/records/mod.ts";
import { TextColumn } from "../src/batch/records/text_column.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { difference } from "./support/same.ts";

const BATCHES = 6;

/** The strings of the cells, as they lie in the column. */
function cells(column: TextColumn): string[] {
  const { isRope, rope, bytes, count } = column.text;
  const text = isRope ? rope : new TextDecoder().decode(bytes.subarray(0, count));
  const strings: string[] = [];
  for (let i = 0, at = 0; i < column.distinct; i++) {
    strings.push(text.slice(at, at += column.lengths[i]));
  }
  return Array.from(
    { length: column.count },
    (_, i) => strings[column.identity ? i : column.ids[i]],
  );
}

function randomText(random: Random, distinct: number): string {
  const n = random.below(distinct);
  return n % 50 === 7 ? `é${n}` : n % 50 === 8 ? "x".repeat(n % 200) : `${n}`;
}

Deno.test("TextColumn has the strings that were written and not taken back, whatever their share", () => {
  forSeeds(2_000, (random) => {
    const column = new TextColumn();
    const distinct = random.pick([3, 60, 1_000, 100_000]);
    for (let batch = 0; batch < BATCHES; batch++) {
      const expected: string[] = [];
      for (let i = random.below(random.pick([4, 300])); i >= 0; i--) {
        const text = randomText(random, distinct);
        const before = column.text.length;
        const grown = column.write(text);
        assertEquals(column.text.length, before + grown);
        if (random.chance(0.2)) {
          assertEquals(column.takeBack(), text);
          assertEquals(column.text.length, before);
        } else expected.push(text);
        if (random.chance(0.02)) {
          expected.length = random.below(expected.length + 1);
          column.truncate(expected.length);
        }
      }
      assertEquals(cells(column), expected);
      column.reset();
    }
  });
});

Deno.test("strings that come in turn, a few hundred of them, are in each batch once", () => {
  const column = new TextColumn();
  for (let batch = 0; batch < 20; batch++) {
    for (let i = 0; i < 1_000; i++) column.write(`sensor_${i % 300}`);
    assertEquals(column.distinct, 300);
    column.reset();
  }
});

Deno.test("a column of ever new strings does without the numbers of its cells", () => {
  const column = new TextColumn();
  let without = 0;
  for (let batch = 0; batch < 200; batch++) {
    for (let i = 0; i < 1_000; i++) column.write(`${batch} ${i}`);
    if (column.identity) without++;
    column.reset();
  }
  assert(without > 190, `${without} of 200 batches`);
});

Deno.test("a cell is taken back without a copy of all others, whatever its string is of", () => {
  for (const unit of ["x", "é"]) {
    const column = new TextColumn();
    const startMs = performance.now();
    for (let i = 0; i < 20_000; i++) {
      const text = `${unit.repeat(100)}${i}`;
      column.write(text);
      assertEquals(column.takeBack(), text);
      column.write(text);
    }
    assert(performance.now() - startMs < 1000, unit);
  }
});

Deno.test("records of shapes that begin alike come out equal, in any turns", () => {
  forSeeds(2_000, (random) => {
    const writer = new RecordWriter();
    const reader = new RecordReader();
    const cell = () =>
      random.pick<() => unknown>([
        () => `kind ${random.below(5)}`,
        () => randomText(random, 1_000),
        () => random.below(9),
        () => null,
        () => [random.below(3)],
        () => ({ unit: `u${random.below(3)}` }),
      ])();
    for (let batch = 0; batch < 3; batch++) {
      const values: unknown[] = [];
      for (let i = random.below(60); i >= 0; i--) {
        const value: Record<string, unknown> = { kind: cell(), name: cell() };
        if (random.chance(0.5)) value[random.pick(["a", "b"])] = cell();
        if (random.chance(0.3)) value.note = cell();
        writer.write(value);
        values.push(value);
      }
      const bytes = new Uint8Array(new SharedArrayBuffer(writer.byteLength()));
      const read = reader.read(bytes.subarray(0, writer.finish(bytes)));
      assertEquals(difference(read, values), undefined);
    }
  });
});
