import { assertEquals } from "@std/assert";
import { CallScope } from "../src/runtime/call_scope.ts";

Deno.test("CallScope tells what a call runs and waits for from what runs beside it", async () => {
  const scope = new CallScope();
  const other = new CallScope();
  const inside: boolean[] = [];
  const beside = (async () => {
    for (let turn = 0; turn < 5; turn++) {
      inside.push(scope.isInside);
      await null;
    }
  })();
  await scope.run(async () => {
    assertEquals([scope.isInside, other.isInside], [true, false]);
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(scope.isInside, true);
    await beside;
  });
  assertEquals(inside, Array(5).fill(false));
  assertEquals(scope.isInside, false);
});

Deno.test("CallScope does not count what a call has left behind when it ended", async () => {
  const scope = new CallScope();
  const later = Promise.withResolvers<boolean>();
  await scope.run(() => {
    setTimeout(() => later.resolve(scope.isInside));
    return Promise.resolve();
  });
  assertEquals(await later.promise, false);
});
