import { assertEquals, assertThrows } from "@std/assert";
import type { RecordBatch } from "../src/batch/record_batch.ts";
import { create } from "../src/kernel/kernel.ts";
import { argMin, count, first, last, max, min } from "../src/windows/aggregates.ts";
import { createWindowTable } from "../src/windows/create_window_table.ts";
import type { WindowTableOptions } from "../src/windows/plan.ts";
import { FunctionWindowTable } from "../src/windows/table/function_window_table.ts";
import { TumblingWindow } from "../src/windows/tumbling_window.ts";
import type { ClosedKind, WindowTable } from "../src/windows/window_table.ts";
import {
  AGGREGATES,
  caseBatches,
  randomPipelineCase,
  randomWindow,
} from "./support/pipeline_case.ts";
import { forSeeds, Random } from "./support/random.ts";

const RUNS = 150;
const OWNERS = 3;
const kernel = create();
const ownerOf = Uint8Array.from({ length: 256 }, (_, group) => group % OWNERS);

/** What a forager and its owners do with batches. */
class Hive implements Disposable {
  readonly #forager: WindowTable;
  readonly #owners: readonly WindowTable[];
  readonly results: unknown[] = [];

  constructor(make: () => WindowTable) {
    this.#forager = make();
    this.#owners = Array.from({ length: OWNERS }, make);
  }

  get schema() {
    return this.#forager.resultSchema;
  }

  add(batch: RecordBatch, at: Parameters<WindowTable["add"]>[1]) {
    const { kinds, ...outcome } = this.#forager.add(batch, at);
    return { ...outcome, kinds, ...this.#rows(this.#forager) };
  }

  /** Partial results go to their owners, some of which start anew from their snapshots. */
  hand(restores: boolean) {
    const records = this.#forager.takeDeltas(ownerOf, OWNERS).map((delta, owner) => {
      return this.#owners[owner].fold(delta).records;
    });
    if (restores) { for (const owner of this.#owners) owner.restore(owner.snapshot()); }
    return { records, owners: this.#owners.map((owner) => this.#rows(owner)) };
  }

  #rows(table: WindowTable) {
    const { bytes: _, ...stats } = table.stats();
    return stats;
  }

  /** What closes of each owner and kind. */
  close(watermark: number): unknown[] {
    return this.#owners.map((owner) => {
      const closed: ClosedKind[] = [];
      while (owner.nextClose() <= watermark && owner.nextClose() < Infinity) {
        const kind = owner.closeKind(watermark);
        if (kind) closed.push(kind);
      }
      const rows = Map.groupBy(closed, ({ kind }) => kind);
      return [...rows].sort(([a], [b]) => a - b).map(([kind, closed]) => {
        return [kind, closed.flatMap(({ batch }) => batch.toRows())];
      });
    });
  }

  [Symbol.dispose](): void {
    this.#forager[Symbol.dispose]();
    for (const owner of this.#owners) owner[Symbol.dispose]();
  }
}

Deno.test("FunctionWindowTable gives what the kernel's table gives, batch by batch", () => {
  forSeeds(RUNS, (random) => {
    const given = randomPipelineCase(random, 300);
    const { schema, keys, window, size, bound } = given;
    const others = Array.from({ length: random.below(3) }, () => {
      return {
        window: randomWindow(random, size),
        aggregates: { n: count(), least: min("value") },
      };
    });
    const fields = schema.fields.map((field) =>
      field.type.kind === "dict" ? { ...field, type: { kind: "utf8" as const } } : field
    );
    const options: WindowTableOptions = {
      ...{ schema: { fields }, time: "at", keys, window, others, aggregates: AGGREGATES },
    };
    using ours = new Hive(() => new FunctionWindowTable(kernel, options));
    using theirs = new Hive(() => createWindowTable(kernel, options));
    assertEquals(ours.schema, theirs.schema);
    let [watermark, position] = [-Infinity, 0];
    for (const batch of caseBatches(given, random)) {
      const at = { watermarkBefore: watermark, bound, partition: 0, position };
      const outcome = theirs.add(batch, at);
      assertEquals(ours.add(batch, at), outcome);
      watermark = outcome.watermarkAfter;
      position += batch.length;
      if (random.chance(0.5)) continue;
      const restores = random.chance(0.3);
      assertEquals(ours.hand(restores), theirs.hand(restores));
      assertEquals(ours.close(watermark), theirs.close(watermark));
    }
    assertEquals(ours.hand(true), theirs.hand(true));
    assertEquals(ours.close(Infinity), theirs.close(Infinity));
  });
});

const TEXTS: WindowTableOptions = {
  schema: {
    fields: [
      { name: "at", type: { kind: "timestamp" } },
      { name: "key", type: { kind: "utf8" } },
      { name: "name", type: { kind: "utf8" } },
    ],
  },
  time: "at",
  keys: ["key"],
  aggregates: { first: first("name"), last: last("name"), by: argMin("key", "name"), m: max("at") },
  window: new TumblingWindow({ size: 10 }),
};

function textsFrom(random: Random, rows: number) {
  const given = Array.from({ length: rows }, (_, at) => ({
    at,
    key: `key ${random.below(20)}`,
    name: random.chance(0.1) ? null : `name ${random.below(1000)}`,
  }));
  return caseBatches({ rows: given, schema: TEXTS.schema } as never, random);
}

const AT = { watermarkBefore: -Infinity, bound: Infinity, partition: 0, position: 0 };

Deno.test("a table of functions keeps nothing of windows that have closed", () => {
  using table = new FunctionWindowTable(kernel, TEXTS);
  const { bytes } = table.stats();
  for (const batch of textsFrom(new Random(1), 5000)) table.add(batch, AT);
  while (table.nextClose() < Infinity) table.close(Infinity);
  const { windows, groups, bytes: after } = table.stats();
  assertEquals([windows, groups], [0, 0]);
  assertEquals(after < bytes + 65_536, true);
});

Deno.test("snapshots of a table of functions are refused when they are damaged, and nothing changes", () => {
  using table = new FunctionWindowTable(kernel, TEXTS);
  for (const batch of textsFrom(new Random(2), 300)) table.add(batch, AT);
  const snapshot = table.snapshot();
  forSeeds(40, (random) => {
    const damaged = snapshot.slice(
      0,
      random.chance(0.3) ? random.below(snapshot.length) : undefined,
    );
    if (damaged.length === snapshot.length) {
      damaged[random.below(damaged.length)] ^= 1 << random.below(8);
    }
    if (damaged.length === 0) return;
    assertThrows(() => table.restore(damaged), TypeError, "Cannot fold delta of");
    assertThrows(() => table.fold(damaged), TypeError, "Cannot fold delta of");
    assertEquals(table.snapshot(), snapshot);
  });
  using other = new FunctionWindowTable(kernel, { ...TEXTS, aggregates: { first: first("name") } });
  assertThrows(() => other.fold(snapshot), TypeError, "it is of another plan");
  using twin = new FunctionWindowTable(kernel, TEXTS);
  twin.restore(snapshot);
  assertEquals(twin.close(Infinity)?.toRows(), table.close(Infinity)?.toRows());
});

Deno.test("snapshots of a table of functions are refused where columns have other types", () => {
  const by: WindowTableOptions = { ...TEXTS, aggregates: { by: argMin("key", "name") } };
  using table = new FunctionWindowTable(kernel, by);
  for (const batch of textsFrom(new Random(3), 300)) table.add(batch, AT);
  const fields = by.schema.fields.map((field) =>
    field.name === "name" ? { name: "name", type: { kind: "i32" } as const } : field
  );
  using other = new FunctionWindowTable(kernel, { ...by, schema: { fields } });
  assertThrows(() => other.restore(table.snapshot()), TypeError, "it is of another plan");
});
