import { assertEquals } from "@std/assert";
import { BeeState, Command, CONTROL_BYTES, ControlBlock } from "../src/hive/control_block.ts";
import { sleepOnAsync } from "../src/hive/ring_buffer.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { forSeeds } from "./support/random.ts";

function twoViews() {
  const runtime = new SimulatedRuntime();
  const memory = runtime.sharedMemory(CONTROL_BYTES);
  return {
    runtime,
    hive: new ControlBlock(memory, runtime),
    bee: new ControlBlock(memory, runtime),
  };
}

Deno.test("ControlBlock begins as a bee that is starting and has to run", () => {
  const { hive } = twoViews();
  assertEquals([hive.command, hive.state], [Command.run, BeeState.starting]);
  assertEquals([hive.mail, hive.beats, hive.progress], [0, 0, 0]);
  assertEquals(hive.cursor(), { batch: 0, low: 0, high: 0 });
});

Deno.test("ControlBlock shows each side what the other has written, and mixes nothing up", () => {
  forSeeds(2_000, (random) => {
    const { hive, bee } = twoViews();
    const model = {
      command: 0,
      state: 0,
      mail: 0,
      beats: 0,
      progress: 0,
      cursor: { batch: 0, low: 0, high: 0 },
    };
    const steps = [
      () => hive.command = model.command = random.below(2),
      () => bee.state = model.state = random.below(5),
      () => (hive.announceMail(), model.mail++),
      () => (bee.beat(), model.beats++),
      () => (bee.advance(), model.progress++),
      () => {
        const [batch, low] = [random.below(2 ** 31), random.below(512)];
        bee.setCursor(batch, low, low + 1);
        model.cursor = { batch, low, high: low + 1 };
      },
    ];
    for (let i = 0; i < 20; i++) random.pick(steps)();
    for (const side of [hive, bee]) {
      const { command, state, mail, beats, progress } = side;
      assertEquals({ command, state, mail, beats, progress, cursor: side.cursor() }, model);
    }
  });
});

Deno.test("ControlBlock wakes a sleeping bee by a command, by mail, and by its bell", async () => {
  const { runtime, hive, bee } = twoViews();
  await runtime.drive(async () => {
    const wakes = [
      () => hive.command = Command.stop,
      () => hive.announceMail(),
      () => hive.ring(),
    ];
    for (const wake of wakes) {
      const startMs = runtime.monotonicMs();
      const end = { arm: () => true, disarm: () => {} };
      const sleeping = sleepOnAsync(bee.bell, { ends: [end], waiter: runtime, timeoutMs: 60_000 });
      runtime.after(5, wake);
      await sleeping;
      assertEquals(runtime.monotonicMs() - startMs < 1_000, true);
    }
  });
});
