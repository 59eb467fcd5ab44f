import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { addKinds, type Outcome, outcomeBytes, readOutcome } from "../src/hive/pipeline_frames.ts";

const count = fc.nat(1_000_000);
const places = fc.uniqueArray(fc.nat(5000), { maxLength: 40 })
  .map((rows) => rows.toSorted((a, b) => a - b));

const kind = fc.record({
  ...{ absorbed: count, filtered: count, late: count, untimed: count },
  lateRows: places,
});

const outcome: fc.Arbitrary<Outcome> = fc.record({
  counts: fc.record({
    ...{ absorbed: count, filtered: count, late: count, untimed: count, added: count },
  }),
  bad: places.map((rows) => rows.map((row) => ({ row, message: `row ${row} has no value` }))),
  late: places,
  kinds: fc.option(fc.array(kind, { minLength: 1, maxLength: 16 }), { nil: undefined }),
}).map(({ counts, bad, late, kinds }) => ({
  counts: { ...counts, bad: bad.length },
  ...{ bad, late },
  ...(kinds && { kinds }),
}));

Deno.test("What became of a batch is read as it was written, for each kind of windows", () => {
  fc.assert(fc.property(outcome, (given) => {
    assertEquals(readOutcome(outcomeBytes(given, 1 << 20)), given);
  }));
});

Deno.test("Without room for messages, rows and counts are told all the same", () => {
  fc.assert(fc.property(outcome, (given) => {
    const { counts, bad, late, kinds } = readOutcome(outcomeBytes(given, 0));
    assertEquals({ counts, late, kinds }, {
      counts: given.counts,
      late: given.late,
      kinds: given.kinds,
    });
    assertEquals(bad.map(({ row }) => row), given.bad.map(({ row }) => row));
  }));
});

Deno.test("What became of rows taken one by one is what became of all", () => {
  fc.assert(fc.property(fc.array(kind, { minLength: 1, maxLength: 4 }), (kinds) => {
    const [once, twice] = [addKinds(undefined, kinds, 0)!, addKinds(kinds, kinds, 5001)!];
    assertEquals(once, kinds);
    twice.forEach(({ absorbed, untimed, lateRows }, at) => {
      assertEquals(absorbed, 2 * kinds[at].absorbed);
      assertEquals(untimed, 2 * kinds[at].untimed);
      const { lateRows: rows } = kinds[at];
      assertEquals(lateRows, [...rows, ...rows.map((row) => row + 5001)]);
    });
  }));
});
