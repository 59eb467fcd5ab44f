import { assertEquals } from "@std/assert";
import { Routing } from "../src/hive/routing.ts";

const EPOCH = 1000;

/** For how many epochs of rows it routes after a measure. */
function routedEpochs(routing: Routing): number {
  let epochs = 0;
  for (; routing.isOn; epochs++) routing.routed(EPOCH);
  return epochs;
}

Deno.test("Rows are handed on for 8, 16, 32 and at most 64 epochs while keys stay many", () => {
  const routing = new Routing(EPOCH);
  assertEquals(routing.isOn, false);
  const epochs = Array.from({ length: 6 }, () => {
    routing.measured(EPOCH, 0.2 * EPOCH);
    return routedEpochs(routing);
  });
  assertEquals(epochs, [8, 16, 32, 64, 64, 64]);
  routing.measured(EPOCH, 0.1 * EPOCH);
  assertEquals(routing.isOn, false);
  routing.measured(EPOCH, EPOCH);
  assertEquals(routedEpochs(routing), 8);
});

Deno.test("An epoch that ended early for want of work decides nothing by itself", () => {
  const routing = new Routing(EPOCH);
  routing.measured(10, 10);
  assertEquals(routing.isOn, false);
  routing.measured(EPOCH - 10, 0.1 * EPOCH);
  assertEquals(routing.isOn, false, "0.11 of all rows");
  for (let part = 0; part < 10; part++) routing.measured(EPOCH / 10, EPOCH / 10);
  assertEquals(routedEpochs(routing), 8);
});
