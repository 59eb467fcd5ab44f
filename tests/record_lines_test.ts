import { assertEquals } from "@std/assert";
import { recordOfRow } from "../src/codecs/record_lines.ts";
import { forSeeds } from "./support/random.ts";

Deno.test("recordOfRow() passes over the records that made no rows", () => {
  forSeeds(200, (random) => {
    const share = random.pick([0, 0.1, 0.5, 0.9, 1]);
    const records = Array.from({ length: random.below(60) }, (_, record) => record);
    const bad = records.filter(() => random.chance(share)).map((record) => ({ record }));
    const rows = records.filter((record) => !bad.some((each) => each.record === record));
    assertEquals(rows.map((_, row) => recordOfRow(row, bad)), rows);
  });
});

Deno.test("recordOfRow() looks at few of the bad records, however many there are", () => {
  let looks = 0;
  const bad = Array.from({ length: 65_536 }, (_, at) => ({
    get record() {
      looks++;
      return 2 * at;
    },
  }));
  assertEquals(recordOfRow(40_000, bad), 80_001);
  assertEquals(looks < 20, true);
});
