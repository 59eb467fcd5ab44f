import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  create,
  type Kernel,
  KernelMemoryError,
  LEAST_BUDGET_BYTES,
} from "../src/kernel/kernel.ts";
import { forSeeds, type Random } from "./support/random.ts";

const RUNS = 2000;
const STEPS = 60;
/** More than what lies below the arena. */
const STATIC_BYTES = 1 << 19;

Deno.test("Kernel.allocate() reuses a released block and counts what is in use", () => {
  const kernel = create();
  const before = kernel.usedBytes;
  const block = kernel.allocate(100);
  assertEquals(block % 16, 0);
  kernel.release(block);
  assertEquals(kernel.usedBytes, before);
  assertEquals(kernel.allocate(100), block);
});

Deno.test("a kernel is within the least budget before anything is allocated", () => {
  const kernel = create({ budgetBytes: LEAST_BUDGET_BYTES });
  assert(kernel.memoryBytes < kernel.budgetBytes, `${kernel.memoryBytes} bytes`);
  assert(kernel.allocate(1000) > 0);
  assertThrows(() => create({ budgetBytes: LEAST_BUDGET_BYTES - 1 }), RangeError, "from 327680");
});

Deno.test("Kernel.allocate() over the budget names the budget", () => {
  const kernel = create({ budgetBytes: 1 << 20 });
  assertThrows(() => kernel.allocate(2 << 20), KernelMemoryError, "1048576");
});

interface Block {
  readonly at: number;
  readonly bytes: number;
  readonly mark: number;
}

function randomSize(random: Random): number {
  return random.pick([0, 1, 16, 100, 255, 256, 257, 4000, 65_520, 65_536, 300_000]) +
    random.below(20);
}

/** Bytes at both ends of a block and in its middle. */
function edgesOf(at: number, bytes: number): number[] {
  return bytes === 0 ? [] : [at, at + (bytes >> 1), at + bytes - 1];
}

function take(kernel: Kernel, random: Random, blocks: Block[]): void {
  const bytes = randomSize(random);
  const at = kernel.allocate(bytes);
  assertEquals(at % 16, 0);
  const other = blocks.find((block) => at < block.at + block.bytes && block.at < at + bytes);
  assert(other === undefined, `${bytes} bytes at ${at} lie in ${other?.bytes} at ${other?.at}`);
  assert(at + bytes + 16 <= kernel.memoryBytes, "a SIMD load at the end would leave the memory");
  const mark = random.below(256);
  for (const edge of edgesOf(at, bytes)) kernel.u8[edge] = mark;
  blocks.push({ at, bytes, mark });
}

function give(kernel: Kernel, random: Random, blocks: Block[]): void {
  const [{ at, bytes, mark }] = blocks.splice(random.below(blocks.length), 1);
  assert(edgesOf(at, bytes).every((edge) => kernel.u8[edge] === mark), "it was written over");
  kernel.release(at);
}

Deno.test("blocks never overlap, keep what is in them, and come back as one free block", () => {
  const kernel = create();
  const empty = kernel.usedBytes;
  forSeeds(RUNS, (random) => {
    const blocks: Block[] = [];
    for (let step = 0; step < STEPS; step++) {
      if (blocks.length > 0 && random.chance(0.45)) give(kernel, random, blocks);
      else take(kernel, random, blocks);
    }
    const used = blocks.reduce((sum, { bytes }) => sum + bytes, 0);
    assert(kernel.usedBytes - empty >= used);
    while (blocks.length > 0) give(kernel, random, blocks);
    assertEquals(kernel.usedBytes, empty);
  });
  const whole = kernel.memoryBytes;
  kernel.release(kernel.allocate(whole - STATIC_BYTES));
  assertEquals(kernel.memoryBytes, whole, "freed neighbours did not become one block");
});

Deno.test("blocks of ever other sizes are made of the memory that smaller ones left", () => {
  const kernel = create();
  for (let round = 1; round <= 200; round++) {
    const blocks = Array.from({ length: 50 }, (_, index) => kernel.allocate(round * 97 + index));
    for (const block of blocks) kernel.release(block);
  }
  assert(kernel.memoryBytes < 50 * 200 * 97 * 1.5 + (1 << 20), `${kernel.memoryBytes} bytes`);
});

Deno.test("the memory never passes the budget, and all of the budget can be used", () => {
  const budgetBytes = 8 << 20;
  const kernel = create({ budgetBytes });
  const blocks: number[] = [];
  assertThrows(
    () => {
      while (true) blocks.push(kernel.allocate(10_000));
    },
    KernelMemoryError,
    "in use; raise budgetBytes",
  );
  assert(kernel.memoryBytes <= budgetBytes);
  assert(kernel.usedBytes > budgetBytes - LEAST_BUDGET_BYTES, `${kernel.usedBytes} bytes`);
  for (const block of blocks) kernel.release(block);
  kernel.release(kernel.allocate(budgetBytes - LEAST_BUDGET_BYTES));
});

Deno.test("create() refuses a budget that is no size of a memory", () => {
  for (const budgetBytes of [0, -1, NaN, 1000, 2 ** 33]) {
    assertThrows(() => create({ budgetBytes }), RangeError, "budgetBytes");
  }
});
