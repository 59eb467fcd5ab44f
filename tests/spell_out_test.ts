import { assertEquals } from "@std/assert";
import { columnOf, RecordBatch } from "../mod.ts";
import { spellOut } from "../src/hive/spell_out.ts";
import { forSeeds } from "./support/random.ts";

Deno.test("A batch says the same with its large dictionaries spelled out", () => {
  forSeeds(2000, (random) => {
    const length = random.below(20);
    const values = (variety: number) =>
      Array.from({ length }, () => random.chance(0.2) ? null : `é${random.below(variety)}`);
    const batch = new RecordBatch(
      {
        fields: [
          { name: "a", type: { kind: "dict" } },
          { name: "b", type: { kind: "dict" } },
          { name: "n", type: { kind: "i32" } },
        ],
      },
      [
        columnOf({ kind: "dict" }, values(3)),
        columnOf({ kind: "dict" }, values(100)),
        columnOf({ kind: "i32" }, Array.from({ length }, (_, n) => n)),
      ],
      length,
    );
    const indices = Array.from({ length }, (_, n) => n).filter(() => random.chance(0.3));
    const part = batch.take(indices);
    const spelled = spellOut(part);
    assertEquals(spelled.toRows(), part.toRows());
    for (const { type, children } of spelled.columns) {
      if (type.kind === "dict" && part.length > 0) {
        assertEquals(children![0].length <= part.length, true);
      }
    }
  });
});
