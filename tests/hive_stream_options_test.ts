import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { hiveStreamSettings } from "../src/stream/hive_stream/hive_stream_options.ts";

Deno.test("hiveStreamSettings() puts the documented defaults in place", () => {
  const { runtime, ...settings } = hiveStreamSettings({ runtime: new SimulatedRuntime() });
  assertEquals(settings, {
    workers: runtime.cores - 1,
    bufferSize: 65_536,
    resultBuffer: 1_000_000,
    ordered: "key",
    concurrency: 16,
    recordTimeoutMs: 30_000,
    maxLostBees: 8,
    onError: "emit",
    deadLetter: undefined,
    ringBytes: 4 * 1024 * 1024,
  });
  assertStrictEquals(hiveStreamSettings({}).runtime, denoRuntime);
});

Deno.test("hiveStreamSettings() has a bee for each core but one, and at least one", () => {
  const workers = (cores: number) =>
    hiveStreamSettings({ runtime: new SimulatedRuntime({ cores }) }).workers;
  assertEquals([1, 2, 3, 64].map(workers), [1, 1, 2, 63]);
});

Deno.test("hiveStreamSettings() takes every option at its bounds", () => {
  const deadLetter = () => {};
  const given = {
    workers: 512,
    bufferSize: 1,
    resultBuffer: 1,
    ordered: false,
    concurrency: 1,
    maxLostBees: 0,
    onError: "deadLetter",
    deadLetter,
    ringBytes: 4096,
    runtime: new SimulatedRuntime(),
  } as const;
  const expected = { ...given, recordTimeoutMs: 1 };
  assertEquals(hiveStreamSettings({ ...given, recordTimeout: "1ms" }), expected);
});

Deno.test("the table of docs/hive-stream.md has a row for every option", async () => {
  const page = await Deno.readTextFile(new URL("../docs/hive-stream.md", import.meta.url));
  const options = Object.keys(hiveStreamSettings({})).map((name) => name.replace(/Ms$/, ""));
  for (const name of options) assertEquals(page.includes(`\n| \`${name}\` `), true, name);
});

Deno.test("hiveStreamSettings() refuses a number above its highest value", () => {
  const tooMuch = [{ workers: 513 }, { bufferSize: 2 ** 31 }, { ringBytes: 2 ** 31 }];
  for (const options of tooMuch) assertThrows(() => hiveStreamSettings(options), RangeError);
});
