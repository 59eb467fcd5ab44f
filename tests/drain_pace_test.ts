import { assert, assertEquals } from "@std/assert";
import { DrainPace } from "../src/publishers/websocket/drain_pace.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

const LIMIT = 1_000;

/** A runtime that tells how it was waited on, and whose clock is moved by hand. */
function watched() {
  const waits: (number | "turn")[] = [];
  let nowMs = 0;
  const runtime = Object.create(new SimulatedRuntime({ seed: 1 }), {
    monotonicMs: { value: () => nowMs },
    soon: { value: () => void waits.push("turn") },
    after: { value: (delayMs: number) => (waits.push(delayMs), () => {}) },
  });
  return { runtime, waits, at: (ms: number) => void (nowMs = ms) };
}

Deno.test("DrainPace looks at every turn while it does not know how fast bytes go", () => {
  const { runtime, waits, at } = watched();
  const pace = new DrainPace(runtime);
  pace.begin(10_000, LIMIT);
  for (const ms of [0, 0.5, 1, 1.9]) {
    at(ms);
    pace.pause(10_000);
  }
  assertEquals(waits, ["turn", "turn", "turn", "turn"]);
});

Deno.test("DrainPace sleeps until bytes will be few enough, and remembers their rate", () => {
  const { runtime, waits, at } = watched();
  const pace = new DrainPace(runtime);
  pace.begin(15_000, LIMIT);
  at(2);
  pace.pause(13_000); // 1,000 a millisecond, 12,000 to go
  at(12);
  pace.pause(2_500); // 1,041 a millisecond, 1.44 ms: a timer is no finer
  assertEquals(waits, [12, "turn"]);
  pace.begin(11_416, LIMIT);
  pace.pause(11_416);
  assert(Math.abs(waits[2] as number - 10) < 0.01, `${waits}`);
});

Deno.test("DrainPace looks each 16 ms at what does not go, and says for how long", () => {
  const { runtime, waits, at } = watched();
  const pace = new DrainPace(runtime);
  pace.begin(10_000, LIMIT);
  at(5);
  assertEquals(pace.stalledMs(9_000), 0);
  at(1_000);
  assertEquals(pace.stalledMs(9_000), 995);
  pace.begin(9_000, LIMIT);
  at(1_100);
  pace.pause(9_000);
  assertEquals(waits, [16]);
});
