import { assertEquals, assertThrows } from "@std/assert";
import { RecordBatch, type Schema } from "../src/batch/mod.ts";
import { KeyRouter } from "../src/hive/key_router.ts";
import { create } from "../src/kernel/kernel.ts";
import { encodeKey, hashKey } from "../src/windows/reference_keys.ts";
import type { KeyType } from "../src/kernel/window_types.ts";
import { forSeeds } from "./support/random.ts";

const TYPES: readonly KeyType[] = [{ kind: "utf8" }, { kind: "i32" }, { kind: "f64" }];

function schemaOf(types: readonly KeyType[]): Schema {
  return { fields: types.map((type, at) => ({ name: `k${at}`, type })) };
}

Deno.test("a row goes to the owner of its key group, the top 8 bits of its key's hash", () => {
  forSeeds(60, (random) => {
    const types = Array.from({ length: random.below(3) }, () => random.pick(TYPES));
    const schema = schemaOf(types);
    const rows = Array.from(
      { length: random.below(300) },
      () =>
        Object.fromEntries(types.map(({ kind }, at) => {
          const id = random.below(40);
          return [`k${at}`, random.chance(0.1) ? null : kind === "utf8" ? `key ${id}` : id];
        })),
    );
    const batch = RecordBatch.fromRows(rows as object[], { schema: schema as never });
    const workers = 1 + random.below(5);
    const kernel = create();
    const keys = schema.fields.map(({ name }) => name);
    using router = new KeyRouter(kernel, { schema, keys, workers });
    const routed = router.rowsByOwner(batch as RecordBatch);
    assertEquals(routed.length, workers);
    assertEquals(routed.flatMap((own) => [...own]).sort((a, b) => a - b), [...rows.keys()]);
    routed.forEach((own, owner) => {
      assertEquals([...own], [...own].sort((a, b) => a - b));
      for (const row of own) {
        const group = Number(hashKey(types, encodeKey(types, batch.columns, row)) >> 56n);
        assertEquals(Math.floor(group * workers / 256), owner);
      }
    });
  });
});

Deno.test("a key that is no column, or cannot be one, is refused by name", () => {
  const kernel = create();
  const schema: Schema = { fields: [{ name: "list", type: { kind: "struct", fields: [] } }] };
  const router = (keys: string[]) => () => new KeyRouter(kernel, { schema, keys, workers: 2 });
  assertThrows(router(["nope"]), TypeError, 'Cannot key by column "nope": there is none');
  assertThrows(router(["list"]), TypeError, 'Cannot key by column "list": a key is');
});
