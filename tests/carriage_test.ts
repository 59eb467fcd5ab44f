import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Carriage } from "../src/stream/hive_stream/carriage.ts";

Deno.test("Carriage adds up what a record costs out and back, and runs what it times", () => {
  let nowMs = 0;
  const carriage = new Carriage(() => nowMs);
  assertEquals(carriage.recordNs, 0);
  let sent = 0;
  for (let i = 0; i < 1_000; i++) {
    assertEquals(carriage.isDue, i % 64 === 0);
    assertEquals(carriage.out(() => (nowMs += 0.0003, ++sent)), sent);
  }
  assertEquals([sent, carriage.recordNs], [1_000, 0]);
  for (let i = 0; i < 100; i++) carriage.back(10, () => nowMs += 0.002);
  assertAlmostEquals(carriage.recordNs, 300 + 200, 1);
});
