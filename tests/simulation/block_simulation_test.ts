import { assert, assertEquals } from "@std/assert";
import { forSeedsAsync } from "../support/random.ts";
import { BlockArena } from "../../src/hive/block_arena.ts";
import { assertBlocks, simulateBlocks } from "../support/block_case.ts";

const SEEDS = 120;
const TWICE_EVERY = 20;
/** Of an arena of small blocks. */
const PLACES = 48;

Deno.test("Bees that decode blocks equal the oracle whatever the bees, blocks, epochs and rings", async () => {
  await forSeedsAsync({ from: 1, runs: SEEDS }, async (_, seed) => {
    const { block, run } = await simulateBlocks(seed);
    assertBlocks(block, run);
  });
});

Deno.test("Bees that decode blocks equal the oracle when bees hang and crash at any moment", async () => {
  let lost = 0;
  let replayed = 0;
  await forSeedsAsync({ from: 10_001, runs: SEEDS }, async (_, seed) => {
    const { block, run } = await simulateBlocks(seed, { faults: true });
    assertBlocks(block, run);
    lost += run.metrics.lostBees;
    replayed += run.metrics.replayedBatches;
  });
  assert(lost > SEEDS / 5, `only ${lost} bees were lost`);
  assert(replayed > SEEDS / 5, `only ${replayed} blocks were sent again`);
});

/** Runs with every arena told of that gives places; its `take()` as it is otherwise. */
async function watched(run: () => Promise<void>, took: (arena: BlockArena) => void) {
  const { take } = BlockArena.prototype;
  BlockArena.prototype.take = function () {
    const room = take.call(this);
    if (room) took(this);
    return room;
  };
  try {
    await run();
  } finally {
    BlockArena.prototype.take = take;
  }
}

/** Places that nothing lies in. */
function freePlaces(arena: BlockArena): number {
  let free = 0;
  while (arena.take()) free++;
  return free;
}

Deno.test("Bees that decode blocks where they were read equal the oracle, faults or none", async () => {
  let rooms = 0;
  let lost = 0;
  let arena: BlockArena | undefined;
  const run = () =>
    forSeedsAsync({ from: 20_001, runs: SEEDS / 2 }, async (_, seed) => {
      arena = undefined;
      const sizes = { rows: 4000, blockBytes: 16_384 };
      const { block, run } = await simulateBlocks(seed, { faults: seed % 2 === 0, sizes });
      assertBlocks(block, run);
      if (!arena) return;
      lost += run.metrics.lostBees;
      assertEquals(freePlaces(arena), PLACES, `seed ${seed}: places were not given back`);
    });
  await watched(run, (own) => {
    arena = own;
    rooms++;
  });
  assert(rooms > SEEDS / 4, `only ${rooms} blocks lay where they were read`);
  assert(lost > 0, "no bee was lost over blocks that lay where they were read");
});

Deno.test("A simulation of blocks of one seed goes the same way twice", async () => {
  for (let seed = 10_001; seed < 10_001 + SEEDS; seed += TWICE_EVERY) {
    const [one, two] = [
      await simulateBlocks(seed, { faults: true }),
      await simulateBlocks(seed, { faults: true }),
    ];
    assertEquals(one.trace, two.trace, `seed ${seed}`);
    assertEquals(one.run.lines, two.run.lines, `seed ${seed}`);
  }
});
