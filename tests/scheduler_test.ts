import { assert, assertEquals } from "@std/assert";
import { forSeeds } from "./support/random.ts";
import { wholeRange } from "./support/sealed.ts";
import { VirtualBees, type VirtualBeesOptions } from "./support/virtual_bees.ts";

const ROW_NS = 20_000;

/** Bees with so many batches of 100 rows waiting, spread over all groups. */
function withBatches(count: number, options: VirtualBeesOptions): VirtualBees {
  const bees = new VirtualBees(options);
  const groups = options.groups ?? 32;
  for (let order = 0; order < count; order++) {
    bees.queue.enqueue(wholeRange({ order, rows: 100, group: order % groups }));
  }
  return bees;
}

Deno.test("Scheduler gives a bee that is ten times slower about a tenth of the rows", () => {
  const bees = withBatches(1_000, { bees: 2, costNs: (bee) => bee === 0 ? ROW_NS : 10 * ROW_NS });
  bees.run();
  const share = bees.rowsOf(1) / bees.rowsOf(0);
  assert(share > 0.05 && share < 0.15, `the slow bee got ${share} of what the other got`);
  const bestMs = 100_000 * ROW_NS / 1e6 / 1.1;
  assert(bees.nowMs < 1.05 * bestMs, `${bees.nowMs} ms, ${bestMs} ms at best`);
});

Deno.test("Scheduler lets a slow bee hold up the end by little, however slow it is", () => {
  for (const slower of [3, 30, 300, 3_000]) {
    const costNs = (bee: number) => bee === 0 ? slower * ROW_NS : ROW_NS;
    const bees = withBatches(200, { bees: 4, costNs });
    bees.run();
    const bestMs = 20_000 * ROW_NS / 1e6 / (3 + 1 / slower);
    // The first rows, whose cost nobody knows, go to the slow bee like to any other.
    const trialMs = 3 * 8 * slower * ROW_NS / 1e6;
    assert(bees.nowMs < 1.2 * bestMs + trialMs, `${slower}: ${bees.nowMs} ms, best ${bestMs} ms`);
  }
});

Deno.test("Scheduler spreads the rows evenly over bees that are equally fast", () => {
  const bees = withBatches(400, { bees: 4, costNs: () => ROW_NS });
  bees.run();
  for (let bee = 0; bee < 4; bee++) {
    const rows = bees.rowsOf(bee);
    assert(Math.abs(rows - 10_000) < 1_000, `bee ${bee} got ${rows} of 40,000 rows`);
  }
});

Deno.test("Scheduler gives a bee at most three ranges, each of a few milliseconds", () => {
  const bees = withBatches(100, { bees: 2, costNs: () => ROW_NS });
  for (let more = true; more;) {
    bees.dispatch();
    for (const bee of [0, 1]) assert(bees.scheduler.rangesAt(bee) <= 3);
    more = bees.step();
  }
  const rows = bees.given.slice(20).map(({ range }) => range.to - range.from);
  assert(Math.max(...rows) <= 2 * 4e6 / ROW_NS, `a range of ${Math.max(...rows)} rows`);
});

Deno.test("Scheduler tries few rows while it does not know what they cost", () => {
  const bees = withBatches(10, { bees: 1, costNs: () => ROW_NS });
  bees.dispatch();
  assertEquals(bees.given.map(({ range }) => range.to - range.from), [8, 8, 8]);
});

Deno.test("Scheduler gives a record to a bee without work, however slow, if the other stands still", () => {
  const slowRecord = 999;
  for (const still of [0, 1]) {
    for (const slower of [1, 100]) {
      const costNs = (bee: number, { batch }: { batch: { order: number } }) =>
        batch.order === slowRecord ? 1e9 : bee === still ? 100 : 100 * slower;
      const bees = withBatches(40, { bees: 2, costNs });
      bees.run();
      bees.queue.enqueue(wholeRange({ order: slowRecord, rows: 1, group: 0 }));
      bees.give(still);
      bees.pass(5);
      bees.queue.enqueue(wholeRange({ order: 1_000, rows: 1, group: 1 }));
      bees.dispatch();
      const last = bees.given.slice(-2).map(({ bee, range }) => [bee, range.batch.order]);
      assertEquals(last, [[still, slowRecord], [1 - still, 1_000]]);
    }
  }
});

Deno.test("Scheduler gives a range that has cost a bee to one that has nothing else, alone", () => {
  const bees = new VirtualBees({ bees: 1, costNs: () => ROW_NS });
  bees.queue.enqueue(wholeRange({ order: 0, rows: 5, group: 0 }));
  bees.dispatch();
  bees.queue.putBack(wholeRange({ order: 1, rows: 5, group: 1 }, 1));
  bees.queue.enqueue(wholeRange({ order: 2, rows: 5, group: 2 }));
  bees.dispatch();
  assertEquals(bees.given.map(({ range }) => range.batch.order), [0, 2]);
  while (bees.step());
  bees.queue.enqueue(wholeRange({ order: 3, rows: 5, group: 3 }));
  bees.dispatch();
  assertEquals(bees.given.map(({ range }) => range.batch.order), [0, 2, 1]);
  assertEquals(bees.scheduler.hasRoom(0), false);
  bees.run();
  assertEquals(bees.given.map(({ range }) => range.batch.order), [0, 2, 1, 3]);
});

Deno.test("Scheduler gives urgent rows to an onlooker, and to others when that has no room", () => {
  const bees = withBatches(200, { bees: 3, costNs: () => ROW_NS });
  bees.dispatch();
  for (let order = 1_000; order < 1_010; order++) {
    bees.queue.enqueue(wholeRange({ order, rows: 400, group: order % 32, priority: true }));
  }
  bees.scheduler.shiftRoles(0);
  const onlooker = bees.scheduler.roles.findIndex(([role]) => role === "onlooker");
  assert(onlooker >= 0, `${bees.scheduler.roles}`);
  while (bees.queue.priorityRows > 0 && bees.step()) bees.dispatch();
  const urgent = bees.given.filter(({ range }) => range.batch.priority);
  const byOnlooker = urgent.filter(({ bee }) => bee === onlooker).length;
  assert(byOnlooker > 0, "the onlooker got nothing that is urgent");
  bees.scheduler.shiftRoles(0);
  assertEquals(bees.scheduler.roles.flat().filter((role) => role === "onlooker"), []);
  bees.run();
});

Deno.test("Scheduler has urgent rows done long before what waited before them", () => {
  const bees = withBatches(1_000, { bees: 2, costNs: () => ROW_NS });
  bees.dispatch();
  bees.step();
  bees.queue.enqueue(wholeRange({ order: 9_999, rows: 50, group: 5, priority: true }));
  bees.run();
  const atMs = Math.max(
    ...bees.given.filter(({ range }) => range.batch.priority).map(({ atMs }) => atMs),
  );
  assert(atMs < bees.nowMs / 20, `given at ${atMs} of ${bees.nowMs} ms`);
});

Deno.test("Scheduler knows a group whose rows are slow, and calls an onlooker for it", () => {
  const costNs = (_bee: number, { batch }: { batch: { group: number } }) =>
    batch.group === 7 ? 50 * ROW_NS : ROW_NS;
  const bees = withBatches(640, { bees: 3, costNs });
  let onlookers = 0;
  for (let more = true; more;) {
    bees.dispatch();
    bees.scheduler.shiftRoles(0);
    if (bees.scheduler.roles.some(([role]) => role === "onlooker")) onlookers++;
    more = bees.step();
  }
  assert(onlookers > 0, "no bee became an onlooker");
});

Deno.test("Scheduler gives each row once, each group in order to one bee at a time, bees lost or not", () => {
  forSeeds(2_000, (random) => {
    const count = 1 + random.below(4);
    const ordered = random.chance(0.7);
    const groups = ordered ? 1 + random.below(8) : 1;
    const costs = Array.from({ length: count }, () => 1_000 * (1 + random.below(100)));
    const bees = new VirtualBees({ bees: count, groups, ordered, costNs: (bee) => costs[bee] });
    const done = new Map<number, number[]>();
    for (let order = 0; order < 40; order++) {
      const rows = 1 + random.below(60);
      bees.queue.enqueue(wholeRange({ order, rows, group: random.below(groups) }));
    }
    let losses = 0;
    for (let more = true; more;) {
      bees.dispatch();
      if (losses < 3 && random.chance(0.05)) {
        bees.lose(random.below(count));
        losses++;
      }
      more = bees.step() || bees.queue.rows > 0;
    }
    assertEquals([bees.queue.rows, bees.scheduler.rowsInFlight], [0, 0]);
    for (const { range: { batch, from, to } } of bees.given) {
      const rows = done.get(batch.order) ?? [];
      // What a lost bee had is given again; else a range begins where the one before ended.
      if (losses === 0 && ordered) assertEquals(from, rows.length);
      for (let row = from; row < to; row++) rows[row] = (rows[row] ?? 0) + 1;
      done.set(batch.order, rows);
    }
    assertEquals(done.size, 40);
    for (const rows of done.values()) {
      assert(rows.every((times) => losses > 0 ? times >= 1 : times === 1));
    }
  });
});
