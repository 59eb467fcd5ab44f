import { assertEquals } from "@std/assert";
import { SIZE_MEMORY_MS, TopicSizes } from "../src/kafka/driver/client/topic_sizes.ts";
import type { RecordBlock } from "../src/kafka/driver/driver.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { delay } from "../src/stream/delay.ts";

function blockOf(bytes: number, topic = "t"): RecordBlock {
  return { topic, partition: 0, records: 2, bytes: new Uint8Array(bytes) };
}

Deno.test("TopicSizes takes what a topic has refused for too large, until it may have changed its mind", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  await runtime.drive(async () => {
    const sizes = new TopicSizes(runtime);
    const taken = (...bytes: number[]) => bytes.map((each) => sizes.takes(blockOf(each)));
    sizes.refused(blockOf(1000));
    sizes.refused(blockOf(500));
    sizes.refused(blockOf(700));
    assertEquals(taken(499, 500, 2000), [true, false, false]);
    assertEquals(sizes.takes(blockOf(2000, "other")), true);
    await delay(runtime, SIZE_MEMORY_MS - 1);
    assertEquals(taken(500), [false]);
    await delay(runtime, 1);
    assertEquals(taken(500, 2000), [true, true]);
    sizes.refused(blockOf(800));
    assertEquals(taken(700, 800), [true, false]);
  });
});
