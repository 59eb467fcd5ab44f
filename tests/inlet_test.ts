import { assertEquals, assertRejects } from "@std/assert";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { Inlet, type Submission } from "../src/stream/hive_stream/inlet.ts";
import { ResultsFullError } from "../src/stream/hive_stream/results_full_error.ts";
import { forSeeds } from "./support/random.ts";

const RESULT_BUFFER = 3;

/** An inlet before a room whose free places and unread results the test sets. */
function inletBefore(runtime: SimulatedRuntime) {
  const room = { places: 0, unread: 0, entered: [] as string[] };
  const inlet = new Inlet<string>({
    runtime,
    resultBuffer: RESULT_BUFFER,
    unread: () => room.unread,
    hasRoom: () => room.places > 0,
    accept: ({ value }) => {
      if (value === "bad") throw new TypeError("it cannot cross");
      room.places--;
      room.entered.push(value);
    },
  });
  return { room, inlet };
}

function submission(value: string): Submission<string> {
  return { key: "k", value, priority: false };
}

function wait(runtime: SimulatedRuntime, ms: number): Promise<void> {
  return new Promise((resolve) => void runtime.after(ms, resolve));
}

Deno.test("Inlet lets in who waits, in order, one for each place", () => {
  forSeeds(2_000, (random) => {
    const { room, inlet } = inletBefore(new SimulatedRuntime());
    const waiting: string[] = [];
    const expected: string[] = [];
    for (let i = 0; i < 40; i++) {
      if (random.chance(0.6)) {
        inlet.enter(submission(`${i}`));
        waiting.push(`${i}`);
      } else {
        room.places = random.below(4);
        expected.push(...waiting.splice(0, room.places));
        inlet.admit();
      }
      assertEquals(room.entered, expected);
      assertEquals(inlet.isOpen, waiting.length === 0 && room.places > 0);
    }
  });
});

Deno.test("Inlet rejects a submission that is refused, and lets in the one behind it", async () => {
  const { room, inlet } = inletBefore(new SimulatedRuntime());
  const bad = inlet.enter(submission("bad"));
  const good = inlet.enter(submission("good"));
  room.places = 1;
  inlet.admit();
  await assertRejects(() => bad, TypeError, "it cannot cross");
  await good;
  assertEquals(room.entered, ["good"]);
});

Deno.test("Inlet turns everybody away when it closes", async () => {
  const { inlet } = inletBefore(new SimulatedRuntime());
  const both = [inlet.enter(submission("a")), inlet.enter(submission("b"))];
  inlet.close(new Error("the stream was stopped"));
  for (const each of both) await assertRejects(() => each, Error, "the stream was stopped");
});

Deno.test("Inlet rejects after a second in which results were full and nobody read one", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const { room, inlet } = inletBefore(runtime);
    room.unread = RESULT_BUFFER;
    const startMs = runtime.monotonicMs();
    await assertRejects(() => inlet.enter(submission("a")), ResultsFullError, "resultBuffer 3");
    const waitedMs = runtime.monotonicMs() - startMs;
    assertEquals([waitedMs >= 1_000, waitedMs < 1_600], [true, true], `${waitedMs} ms`);
  });
});

Deno.test("Inlet waits on while results are read, or when something else than results is full", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    for (const unread of [RESULT_BUFFER, 0]) {
      const { room, inlet } = inletBefore(runtime);
      room.unread = unread;
      const entering = inlet.enter(submission("a"));
      for (let i = 0; i < 20; i++) {
        await wait(runtime, 300);
        if (unread > 0) inlet.noteRead();
      }
      room.places = 1;
      inlet.admit();
      await entering;
    }
  });
});

Deno.test("Inlet gives a whole second again after it has turned somebody away before", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const { room, inlet } = inletBefore(runtime);
    room.unread = RESULT_BUFFER;
    await assertRejects(() => inlet.enter(submission("a")), ResultsFullError);
    await wait(runtime, 5_000);
    const startMs = runtime.monotonicMs();
    await assertRejects(() => inlet.enter(submission("b")), ResultsFullError);
    const waitedMs = runtime.monotonicMs() - startMs;
    assertEquals(waitedMs >= 1_000, true, `${waitedMs} ms`);
  });
});
