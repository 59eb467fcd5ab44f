import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { count, from, SessionWindow, TumblingWindow } from "../mod.ts";

const rows = [{ at: 0, key: "a" }, { at: 1, key: "b" }, { at: 2, key: "c" }];

Deno.test("a pipeline fails when more windows are open than maxOpenWindows", async () => {
  const limited = (maxOpenWindows: number) =>
    from(rows, { workers: 1, maxOpenWindows }).timestamps("at").keyBy("key")
      .window(new TumblingWindow({ size: 10 })).trigger({})
      .aggregate({ n: count() });
  assertEquals((await Array.fromAsync(limited(3))).length, 3);
  await assertRejects(
    () => Array.fromAsync(limited(2)),
    Error,
    "Cannot open another window: at most 2 pairs of a window, or slice, and a key may be open in a " +
      "bee, and they are; make windows shorter, keys fewer, or raise maxOpenWindows",
  );
});

Deno.test("maxOpenWindows does not take sessions out of the kernel, and must be a number", () => {
  const sessions = from(rows, { workers: 1, maxOpenWindows: 2 }).timestamps("at").keyBy("key")
    .window(new SessionWindow({ gap: 1 })).aggregate({ n: count() });
  assertEquals(/kernel/.test(sessions.explain()), true, sessions.explain());
  assertThrows(() => from(rows, { maxOpenWindows: 0 }), RangeError, "maxOpenWindows");
});

Deno.test("a pipeline fails when more sessions are open than memoryBytes holds, and says what helps", async () => {
  const many = Array.from({ length: 30_000 }, (_, row) => ({ at: row, key: `key ${row}` }));
  const sessions = (memoryBytes: number) =>
    from(many, { workers: 1, memoryBytes }).timestamps("at").keyBy("key")
      .window(new SessionWindow({ gap: "1h" })).aggregate({ n: count() });
  assertEquals((await Array.fromAsync(sessions(64 << 20))).length, 30_000);
  await assertRejects(
    () => Array.fromAsync(sessions(1 << 20)),
    Error,
    "Cannot add rows to sessions: the kernel's budget of 1048576 bytes is spent",
  );
});
