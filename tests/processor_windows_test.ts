import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  col,
  count,
  CountWindow,
  CustomWindow,
  EnhancedStreamProcessor,
  type EnhancedStreamProcessorOptions,
  GlobalWindow,
  SessionWindow,
  TrailingWindow,
  TumblingWindow,
  type WindowResult,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { BoundedDisorder } from "../src/windows/bounded_disorder.ts";
import { forSeedsAsync, Random } from "./support/random.ts";
import { breakBees } from "./support/simulated_case.ts";
import {
  ALLOWED,
  expectedOf,
  lineOf,
  PLAIN,
  type WindowedCase,
  windowedCases,
} from "./support/windowed_case.ts";

const RUNS = 200;

interface Row {
  at: number;
  key: string | null;
  x: number;
}

/** One source partition, and a time in each row. */
function ofOnePartition(given: WindowedCase): WindowedCase {
  const rows = given.rows.filter(({ at }) => at !== null)
    .map((row) => ({ ...row, partition: 0 }));
  return { ...given, rows, partitions: 1 };
}

/** The lines of each call's results, and last those of close(). */
function expectedCalls(given: WindowedCase): string[][] {
  const { results, lines } = expectedOf(given);
  let greatest = -Infinity;
  const after = given.rows.map(({ at }) => (greatest = Math.max(greatest, at!)) - given.bound);
  const calls: string[][] = [...given.rows.map(() => []), []];
  results.forEach(({ row, at }, place) => {
    const first = row >= 0 ? row : after.findIndex((watermark) => watermark >= at);
    calls[first < 0 ? given.rows.length : first].push(lines[place]);
  });
  return calls;
}

function linesOf(results: readonly WindowResult[] | undefined): string[] {
  return (results ?? []).map(({ key, windowStart, windowEnd, value, pane }) =>
    lineOf({
      windowStart: Number.isFinite(windowStart) ? windowStart : null,
      windowEnd: Number.isFinite(windowEnd) ? windowEnd : null,
      key,
      ...value as { n: number },
      ...(pane && {
        paneIndex: pane.index,
        paneTiming: pane.timing,
        rowKind: pane.rowKind ?? "insert",
      }),
    })
  );
}

function optionsOf(given: WindowedCase, late: unknown[]) {
  const { lateData, window, trigger, bound } = given;
  return {
    windowAssigner: window.make(),
    watermarkGenerator: new BoundedDisorder({ maxDisorder: bound }),
    timestamp: "at",
    lateData,
    maxLostBees: 1000,
    recordTimeout: 50,
    ...(trigger && { trigger }),
    ...(lateData === "update" && { allowedLateness: ALLOWED }),
    ...(lateData !== "drop" && {
      lateOutput: ({ record }: { record: unknown }) => void late.push(record),
    }),
  } as const satisfies EnhancedStreamProcessorOptions<Row>;
}

Deno.test("Each call gives what its record set off, with windows and triggers of all kinds", async () => {
  const setups = fc.record({
    given: windowedCases().map(ofOnePartition),
    seed: fc.nat(),
    workers: fc.integer({ min: 1, max: 3 }),
    overlaps: fc.boolean(),
    faults: fc.boolean(),
  });
  let lost = 0;
  const property = fc.asyncProperty(setups, async ({ given, seed, workers, overlaps, faults }) => {
    const plain = { ...given, plain: true };
    const runtime = new SimulatedRuntime({ seed });
    const late: unknown[] = [];
    await runtime.drive(async () => {
      if (faults) breakBees(runtime, new Random(seed));
      const options = { ...optionsOf(plain, late), workers, runtime };
      const stream = new EnhancedStreamProcessor<Row>(options);
      const calls: Promise<WindowResult[] | undefined>[] = [];
      for (const { at, key, x } of plain.rows) {
        const call = stream.processRecord({ at: at!, key, x }, { aggregate: PLAIN });
        calls.push(call);
        if (!overlaps) await call;
      }
      const results = await Promise.all(calls);
      const rest = await stream.close();
      assertEquals([...results, rest].map(linesOf), expectedCalls(plain));
      const { late: expected } = expectedOf(plain);
      assertEquals(stream.metrics().late, expected.length);
      if (given.lateData !== "drop") {
        assertEquals(
          late,
          expected.map(({ time, keys, values }) => {
            return { at: time, key: keys[0], ...values };
          }),
        );
      }
      lost += stream.metrics().lostBees;
    });
  });
  await fc.assert(property, { numRuns: RUNS });
  assert(lost > RUNS / 10, `only ${lost} bees were lost`);
});

async function inSimulation(work: (runtime: SimulatedRuntime) => Promise<void>): Promise<void> {
  const runtime = new SimulatedRuntime({ seed: 5 });
  await runtime.drive(() => work(runtime));
}

type Options = Partial<EnhancedStreamProcessorOptions<Row>>;

function processor(runtime: SimulatedRuntime, options: Options) {
  const windowAssigner = new TumblingWindow({ size: 10 });
  const stream = new EnhancedStreamProcessor<Row>({
    ...{ windowAssigner, timestamp: "at", runtime },
    ...options,
  });
  const add = async (at: number, key: string | null = null, x = 0) => {
    const results = await stream.processRecord({ at, key, x }, { aggregate: { n: count() } });
    return results && told(results);
  };
  return { stream, add };
}

function told(results: readonly WindowResult[]): string[] {
  return results.map(({ key, windowStart, windowEnd, value, pane }) => {
    const which = pane ? ` ${pane.timing} ${pane.index} ${pane.revision}` : "";
    return `${windowStart}-${windowEnd} ${key}: ${(value as { n: number }).n}${which}`;
  });
}

Deno.test("Records that extend a session, or a count that is not full, go to no bee", async () => {
  const windows = [new SessionWindow({ gap: 10 }), new CountWindow({ size: 100 })];
  for (const windowAssigner of [...windows, new GlobalWindow()]) {
    await inSimulation(async (runtime) => {
      const { stream, add } = processor(runtime, { windowAssigner });
      for (let at = 0; at < 99; at++) assertEquals(await add(at), undefined);
      assertEquals(runtime.workers, []);
      assertEquals((await stream.close()).length, windowAssigner instanceof CountWindow ? 0 : 1);
    });
  }
});

Deno.test("flush() closes sessions and trailing windows, and leaves counts open", async () => {
  const flushed = async (windowAssigner: Options["windowAssigner"]) => {
    const results: string[][] = [];
    await inSimulation(async (runtime) => {
      const { stream, add } = processor(runtime, { windowAssigner: windowAssigner! });
      for (const at of [1, 3, 30]) await add(at, "a");
      await add(31, "b");
      results.push(told(await stream.flush()), told(await stream.flush()));
      results.push(told(await stream.close()));
    });
    return results;
  };
  const session = ["30-40 a: 1", "31-41 b: 1"];
  assertEquals(await flushed(new SessionWindow({ gap: 10 })), [session, [], []]);
  assertEquals(await flushed(new TrailingWindow({ duration: 5 })), [["26-32 b: 1"], [], []]);
  const [first, second, closed] = await flushed(new CountWindow({ size: 4, partial: true }));
  assertEquals([first, second], [[], []]);
  assertEquals(closed.map((line) => line.slice(-4)), ["a: 3", "b: 1"]);
});

Deno.test("metrics() count the sessions that are open, and do not guess where nobody knows", async () => {
  await inSimulation(async (runtime) => {
    const { stream, add } = processor(runtime, { windowAssigner: new SessionWindow({ gap: 10 }) });
    for (const [at, key] of [[0, "a"], [5, "a"], [6, "b"], [9, "c"]] as const) await add(at, key);
    assertEquals(stream.metrics().openWindows, 3);
    assertEquals(await add(16, "d"), ["0-15 a: 2", "6-16 b: 1"]);
    assertEquals(stream.metrics().openWindows, 2);
    await stream.close();
    assertEquals(stream.metrics().openWindows, 0);
  });
  await inSimulation(async (runtime) => {
    const windowAssigner = new CustomWindow({ assign: () => [{ start: 0, end: 7 }] });
    const { stream, add } = processor(runtime, { windowAssigner });
    await add(1);
    assertEquals(stream.metrics().openWindows, undefined);
    await stream.close();
  });
});

Deno.test("Late records revise their windows, and each call gets the revision that it set off", async () => {
  await inSimulation(async (runtime) => {
    const { stream, add } = processor(runtime, { lateData: "update", allowedLateness: 15 });
    assertEquals([await add(1), await add(12)], [undefined, ["0-10 null: 1 onTime 0 0"]]);
    assertEquals(await add(2), ["0-10 null: 2 late 1 1"]);
    assertEquals(await add(13), undefined);
    assertEquals(await add(3), ["0-10 null: 3 late 2 2"]);
    assertEquals(await add(25), ["10-20 null: 2 onTime 0 0"]);
    assertEquals(await add(4), undefined);
    await stream.close();
    assertEquals(stream.metrics().late, 1);
  });
});

Deno.test("Windows follow the rules of another engine where asked to", async () => {
  await inSimulation(async (runtime) => {
    const { stream, add } = processor(runtime, { semantics: "kafka" });
    assertEquals(await add(1), ["0-10 null: 1 early 0 0"]);
    assertEquals(await add(2), ["0-10 null: 2 early 1 1"]);
    assertEquals(await add(11), ["10-20 null: 1 early 0 0"]);
    assertEquals(await stream.close(), []);
  });
});

Deno.test("Functions of windows see the properties that the first record has", async () => {
  await inSimulation(async (runtime) => {
    const windowAssigner = new CustomWindow<Row>({
      assign: ({ x, key }, { time }) => key === "none" ? [] : [{ start: time, end: time + x }],
    });
    const { stream, add } = processor(runtime, { windowAssigner });
    assertEquals([await add(0, "a", 5), await add(1, "none", 9)], [undefined, undefined]);
    assertEquals(await add(5, "a", 3), ["0-5 a: 1"]);
    assertEquals(told(await stream.close()), ["5-8 a: 1"]);
  });
  await inSimulation(async (runtime) => {
    const windowAssigner = new SessionWindow({ gap: col("x") });
    const { stream, add } = processor(runtime, { windowAssigner });
    assertEquals([await add(0, "a", 5), await add(6, "b", 9)], [undefined, ["0-5 a: 1"]]);
    assertEquals(told(await stream.close()), ["6-15 b: 1"]);
  });
});

Deno.test("No call waits for ever, whatever the guarantee does to results", async () => {
  const assigners = [new TumblingWindow({ size: 10 }), new SessionWindow({ gap: 3 })];
  let [lost, repeated] = [0, 0];
  for (const windowAssigner of assigners) {
    for (const deliveryGuarantee of ["atMostOnce", "atLeastOnce"] as const) {
      await forSeedsAsync(30, async (_, seed) => {
        const runtime = new SimulatedRuntime({ seed });
        await runtime.drive(async () => {
          breakBees(runtime, new Random(seed));
          const guarded = { deliveryGuarantee, maxLostBees: 100, recordTimeout: 50, workers: 2 };
          const { stream } = processor(runtime, { windowAssigner, ...guarded });
          const calls = Array.from({ length: 200 }, (_, at) =>
            stream.processRecord(
              { at: at + 5 * Math.floor(at / 7), key: `k${at % 2}`, x: 0 },
              { aggregate: { n: count() } },
            ));
          const all = [...await Promise.all(calls), await stream.close()].flat();
          const rows = all.reduce(
            (sum, result) => sum + ((result?.value as { n: number } | undefined)?.n ?? 0),
            0,
          );
          const metrics = stream.metrics();
          if (deliveryGuarantee === "atMostOnce") assertEquals(rows + metrics.lost, 200);
          else assert(rows >= 200);
          lost += metrics.lost;
          repeated += rows + metrics.lost - 200;
        });
      });
    }
  }
  assert(lost > 0 && repeated > 0, `${lost} lost, ${repeated} repeated`);
});
