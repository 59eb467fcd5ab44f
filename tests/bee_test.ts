import { assert, assertEquals, assertRejects } from "@std/assert";
import { BeeState, Command } from "../src/hive/control_block.ts";
import { soloBee } from "./support/solo_bee.ts";

Deno.test("Bee.step() works while there is work, is idle when not, and says so", async () => {
  const solo = await soloBee((n: number) => n * 2);
  assertEquals(solo.control.state, BeeState.starting);
  assertEquals([solo.bee.step(), solo.control.state], ["idle", BeeState.idle]);
  solo.give({ batch: 1, values: [1, 2, 3] });
  assertEquals([solo.bee.step(), solo.control.state], ["worked", BeeState.working]);
  assertEquals([solo.bee.step(), solo.control.state], ["idle", BeeState.idle]);
  const [{ batch, from, values, errors }] = solo.take();
  assertEquals({ batch, from, values, errors }, {
    batch: 1,
    from: 0,
    values: [2, 4, 6],
    errors: [],
  });
});

Deno.test("Bee beats with every step, and makes progress with every record", async () => {
  const solo = await soloBee((n: number) => n);
  for (let i = 0; i < 5; i++) solo.bee.step();
  assertEquals([solo.control.beats, solo.control.progress], [5, 0]);
  solo.give({ batch: 1, values: [1, 2, 3] });
  solo.bee.step();
  assertEquals([solo.control.beats, solo.control.progress], [6, 3]);
  assertEquals(solo.control.cursor(), { batch: 1, low: 2, high: 3 });
});

Deno.test("Bee stops when it is told to, and aborts the signals of what runs", async () => {
  const solo = await soloBee((ms: number, { signal }: { signal: AbortSignal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (ms === 0) resolve("at once");
    })
  );
  solo.give({ batch: 1, values: [1_000] });
  solo.bee.step();
  assertEquals(solo.bee.pending, 1);
  const settled = solo.bee.settled();
  solo.control.command = Command.stop;
  assertEquals([solo.bee.step(), solo.control.state], ["stopped", BeeState.stopped]);
  await settled;
  assertEquals(solo.bee.pending, 0);
});

Deno.test("Bee does no work while mail is on its way, so that it never works with old rings", async () => {
  const solo = await soloBee((n: number) => n);
  solo.give({ batch: 1, values: [1] });
  solo.control.announceMail();
  assert(solo.bee.awaitsMail);
  assertEquals([solo.bee.step(), solo.take()], ["idle", []]);
  solo.bee.receive({ kind: "task", message: "whatever" });
  assertEquals([solo.bee.awaitsMail, solo.bee.step()], [false, "worked"]);
  assertEquals(solo.take().length, 1);
});

Deno.test("Bee says that it waits for room when its results do not fit, and loses none of them", async () => {
  const solo = await soloBee((n: number) => "x".repeat(600) + n, { ringBytes: 8192 });
  const values = Array.from({ length: 20 }, (_, n) => n);
  solo.give({ batch: 1, values });
  while (solo.bee.step() === "worked");
  assertEquals(solo.control.state, BeeState.waitingForRoom);
  const beats = solo.control.beats;
  assertEquals([solo.bee.step(), solo.control.beats], ["idle", beats + 1]);
  const results = (await solo.work()).flatMap((each) => each.values);
  assertEquals(results, values.map((n) => "x".repeat(600) + n));
});

Deno.test("Bee cannot be born with a function that is not there", async () => {
  const module = new URL("./support/stream_functions.ts", import.meta.url);
  await assertRejects(() => soloBee({ module, export: "nothing" }), TypeError, "no such export");
});

Deno.test("Bee dances how its work goes", async () => {
  const solo = await soloBee((n: number) => {
    if (n > 1) throw new Error("too much");
    return n;
  });
  solo.give({ batch: 1, values: [0, 1, 2, 3] });
  await solo.work();
  assertEquals(solo.floor.read(0).errors, 2);
});
