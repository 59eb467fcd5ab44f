import { assertEquals } from "@std/assert";
import { BOARD_BYTES, MOST_BLOCKS_BEHIND, TimeBoard } from "../src/hive/time_board.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { forSeeds } from "./support/random.ts";

function boards(bees: number): { boards: TimeBoard[]; bells: Int32Array[] } {
  const memory = new SharedArrayBuffer(BOARD_BYTES);
  const bells = Array.from({ length: bees }, () => new Int32Array(new SharedArrayBuffer(4)));
  const all = bells.map((cells) => ({ cells, index: 0 }));
  return {
    bells,
    boards: bells.map((_, bee) => {
      return new TimeBoard(memory, { bee, bells: () => all, waiter: denoRuntime });
    }),
  };
}

Deno.test("TimeBoard.greatestBefore() knows once all blocks that are asked for were told", () => {
  const { boards: [one, two] } = boards(2);
  assertEquals(one.greatestBefore(0, 0), -Infinity);
  assertEquals(two.greatestBefore(2, 2), undefined);
  one.publish(1, 50);
  assertEquals(two.greatestBefore(2, 1), 50);
  assertEquals(two.greatestBefore(2, 2), undefined);
  two.publish(0, -7.5);
  assertEquals(one.greatestBefore(1, 1), -7.5);
  assertEquals(one.greatestBefore(2, 2), 50);
  one.publish(2, -Infinity);
  assertEquals(two.greatestBefore(3, 1), -Infinity);
});

Deno.test("A place of the board is used again without being taken for an earlier block", () => {
  const { boards: [board] } = boards(1);
  const far = 10 * MOST_BLOCKS_BEHIND;
  for (let block = 0; block < far; block++) {
    board.publish(block, block % 1000);
    const behind = Math.min(block, MOST_BLOCKS_BEHIND - 1);
    const from = block - behind;
    const greatest = behind >= 1000 || from % 1000 > (block - 1) % 1000
      ? Math.max(999, (block - 1) % 1000)
      : (block - 1) % 1000;
    if (block % 97 === 0 && behind > 0) assertEquals(board.greatestBefore(block, behind), greatest);
  }
  assertEquals(board.greatestBefore(far + 1, 1), undefined);
});

Deno.test("Who waits for a block is woken by who tells of it, and nobody else is", () => {
  const { boards: [one, two, three], bells } = boards(3);
  const sleeper = two.before(5, 1);
  assertEquals(sleeper.arm(), true);
  one.publish(4, 9);
  assertEquals(bells.map(([rings]) => rings), [0, 1, 0]);
  assertEquals(sleeper.arm(), false);
  sleeper.disarm();
  three.publish(5, 9);
  assertEquals(bells.map(([rings]) => rings), [0, 1, 0]);
});

Deno.test("Whatever the order in which blocks are told, the greatest before one is that of all", () => {
  forSeeds(200, (random) => {
    const { boards: all } = boards(3);
    const times = Array.from({ length: 1 + random.below(60) }, () => random.below(1000) - 500);
    const told = new Set<number>();
    for (const block of random.shuffle([...times.keys()])) {
      random.pick(all).publish(block, times[block]);
      told.add(block);
      const until = random.below(times.length + 1);
      const behind = random.below(until + 1);
      const asked = [...times.keys()].slice(until - behind, until);
      const expected = asked.every((each) => told.has(each))
        ? Math.max(...asked.map((each) => times[each]))
        : undefined;
      assertEquals(random.pick(all).greatestBefore(until, behind), expected);
    }
  });
});
