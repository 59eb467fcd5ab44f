import { assert, assertEquals } from "@std/assert";
import { abandonRing } from "../src/hive/ring_buffer.ts";
import { denoRuntime } from "../src/runtime/mod.ts";
import { race, type RacePlan } from "./support/ring_race.ts";
import { SLOT_BYTES } from "./support/ring_stress.ts";

const NEAR_SIGN_CHANGE = 2 ** 31 - 64;
const NEAR_WRAP = 2 ** 32 - 64;
const ENDLESS = 2_000_000_000;

async function arrives(plan: RacePlan): Promise<void> {
  const { writer, reader } = await race(plan);
  assertEquals(reader, { role: "read", count: plan.count, state: "closed" });
  assertEquals(writer, { role: "write", count: plan.count, state: "closed" });
}

Deno.test("1,000,000,000 messages pass a ring of 16,384 slots in order and whole", async () => {
  await arrives({
    kind: "messages",
    count: 1_000_000_000,
    capacityBytes: 16_384 * SLOT_BYTES,
    batch: 1_024,
    waiting: "blocking",
  });
});

Deno.test("10,000,000 messages pass a ring of 16 slots in order and whole", async () => {
  await arrives({
    kind: "messages",
    count: 10_000_000,
    capacityBytes: 16 * SLOT_BYTES,
    batch: 16,
    waiting: "blocking",
    start: NEAR_SIGN_CHANGE,
  });
});

for (const waiting of ["polling", "blocking", "async"] as const) {
  for (const capacityBytes of [32, 64, 1_024, 65_536]) {
    const title =
      `frames of any length pass a ring of ${capacityBytes} bytes, both sides ${waiting}`;
    Deno.test(title, async () => {
      const count = waiting === "async" || capacityBytes > 1_024 ? 50_000 : 200_000;
      await arrives({ kind: "frames", count, capacityBytes, batch: 5, waiting, start: NEAR_WRAP });
    });
  }
}

Deno.test("a reader gets all that was written before a close at any moment", async () => {
  for (let count = 0; count < 12; count++) {
    const waiting = count % 2 === 0 ? "blocking" : "async";
    await arrives({ kind: "frames", count, capacityBytes: 64, batch: 3, waiting });
  }
});

for (const waiting of ["polling", "blocking", "async"] as const) {
  Deno.test(`both sides end when a ring is abandoned under way, ${waiting}`, async () => {
    for (const pauseMs of [0, 1, 20, 100]) {
      const { writer, reader } = await race({
        kind: "messages",
        count: ENDLESS,
        capacityBytes: 64 * SLOT_BYTES,
        batch: 8,
        waiting,
        during: async (memory) => {
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
          abandonRing(memory, { waiter: denoRuntime });
        },
      });
      assertEquals([writer.state, reader.state], ["abandoned", "abandoned"]);
      assertEquals(reader.error, undefined);
      assert(reader.count <= writer.count && writer.count < ENDLESS);
    }
  });
}
