import { assertEquals, assertThrows } from "@std/assert";
import { create, KernelMemoryError } from "../src/kernel/kernel.ts";

Deno.test("Kernel.allocate() reuses a released block and counts what is in use", () => {
  const kernel = create();
  const before = kernel.usedBytes;
  const block = kernel.allocate(100);
  assertEquals(block % 16, 0);
  kernel.release(block);
  assertEquals(kernel.usedBytes, before);
  assertEquals(kernel.allocate(100), block);
});

Deno.test("Kernel.allocate() over the budget names the budget", () => {
  const kernel = create({ budgetBytes: 1 << 20 });
  assertThrows(() => kernel.allocate(2 << 20), KernelMemoryError, "1048576");
});
