import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  BoundedDisorder,
  CalendarWindow,
  col,
  count,
  CumulatingWindow,
  CustomWatermarks,
  EnhancedStreamProcessor,
  type EnhancedStreamProcessorOptions,
  PeriodicWatermarkGenerator,
  PunctuatedWatermarks,
  schema,
  SlidingWindow,
  sum,
  TumblingWindow,
  types as t,
  type WatermarkStrategy,
  type WindowResult,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import type { WindowAssigner } from "../src/windows/window_assigner.ts";
import {
  type ExpectedResult,
  ProcessorOracle,
  type ProcessorRecord,
} from "./support/processor_oracle.ts";

const RUNS = 150;

/** What is done to a processor, one after the other. */
type Action = { readonly kind: "record"; readonly record: ProcessorRecord } | {
  readonly kind: "flush";
};

const windows = fc.oneof(
  fc.record({ size: fc.integer({ min: 1, max: 50 }), offset: fc.integer({ min: -60, max: 60 }) })
    .map((given) => new TumblingWindow(given)),
  fc.record({
    size: fc.integer({ min: 1, max: 50 }),
    slide: fc.integer({ min: 1, max: 60 }),
    offset: fc.integer({ min: -60, max: 60 }),
  }).map((given) => new SlidingWindow(given)),
  fc.record({ step: fc.integer({ min: 1, max: 20 }), steps: fc.integer({ min: 1, max: 5 }) })
    .map(({ step, steps }) => new CumulatingWindow({ size: step * steps, step })),
);

const strategies: fc.Arbitrary<() => WatermarkStrategy> = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((maxDisorder) => () => new BoundedDisorder({ maxDisorder })),
  fc.record({
    interval: fc.integer({ min: 1, max: 40 }),
    maxDisorder: fc.integer({ min: 0, max: 20 }),
  })
    .map((given) => () => new PeriodicWatermarkGenerator(given)),
  fc.integer({ min: 1, max: 9 }).map((everyRecords) => () =>
    new PeriodicWatermarkGenerator({ everyRecords })
  ),
  fc.constant(() =>
    new CustomWatermarks<{ value: number }>({
      columns: ["value"],
      create: () => ({ onEvent: (time, { value }) => value % 3 === 0 ? time : undefined }),
    })
  ),
);

const records = fc.record({
  at: fc.integer({ min: -200, max: 400 }),
  key: fc.constantFrom<ProcessorRecord["key"]>("a", "b", "", 1, 0, true, 7n, null, undefined),
  value: fc.integer({ min: -1000, max: 1000 }),
});

/** Times that go on, with some disorder. */
const streams = fc.record({
  step: fc.constantFrom(0, 1, 5, 30),
  jitter: fc.constantFrom(0, 10, 200),
  records: fc.array(records, { maxLength: 120 }),
  flushes: fc.array(fc.nat(120), { maxLength: 2 }),
}).map(({ step, jitter, records, flushes }): Action[] =>
  records.flatMap((record, at): Action[] => [
    ...(flushes.includes(at) ? [{ kind: "flush" } as const] : []),
    {
      kind: "record",
      record: { ...record, at: step * at + (jitter === 0 ? 0 : record.at % jitter) },
    },
  ])
);

const setups = fc.record({
  seed: fc.nat(),
  window: windows,
  strategy: strategies,
  actions: streams,
  workers: fc.integer({ min: 1, max: 3 }),
  overlaps: fc.boolean(),
  bufferSize: fc.constantFrom(1, 10, 65_536),
  way: fc.constantFrom<Way>("builtIn", "list", "fold"),
  /** How many bees crash, each some time after the one before. */
  crashes: fc.constantFrom(0, 0, 3),
});

/** What a strategy makes of records, as it is defined. */
function watermarksOf(strategy: WatermarkStrategy): (record: ProcessorRecord) => number {
  const generator = strategy.create();
  let watermark = -Infinity;
  return ({ at, value }) =>
    watermark = Math.max(watermark, generator.onEvent(at, { value }) ?? -Infinity);
}

function expectedOf(
  window: WindowAssigner,
  strategy: WatermarkStrategy,
  actions: readonly Action[],
) {
  const oracle = new ProcessorOracle(window);
  const watermarkAfter = watermarksOf(strategy);
  const calls = actions.map((action) =>
    action.kind === "flush"
      ? oracle.flush()
      : oracle.add(action.record, watermarkAfter(action.record))
  );
  const { openWindows } = oracle;
  return { calls, openWindows, rest: oracle.flush(), late: oracle.late };
}

/** A text for each result, in an order of its own. */
function told(results: readonly WindowResult[] | undefined): string[] {
  return (results ?? []).map(({ key, windowStart, windowEnd, value }) => {
    const { n, total } = value as { n: number; total: number };
    return `${windowEnd} ${windowStart} ${typeof key} ${key}: ${n} ${total}`;
  }).sort();
}

function expectedTexts(results: readonly ExpectedResult[]): string[] {
  return results.map(({ key, windowStart, windowEnd, records }) => {
    const total = records.reduce((sum, { value }) => sum + value, 0);
    return `${windowEnd} ${windowStart} ${typeof key} ${key}: ${records.length} ${total}`;
  }).sort();
}

function inSimulation<T>(
  seed: number,
  work: (runtime: SimulatedRuntime) => Promise<T>,
): Promise<T> {
  const runtime = new SimulatedRuntime({ seed });
  return runtime.drive(() => work(runtime));
}

const aggregate = { n: count(), total: sum("value") };

interface Totals {
  n: number;
  total: number;
}

/** The same by each way to aggregate. */
const AGGREGATIONS = {
  builtIn: { aggregate },
  list: {
    aggregate: (records: ProcessorRecord[]) => ({
      n: records.length,
      total: records.reduce((sum, { value }) => sum + value, 0),
    }),
    initialValue: [],
  },
  fold: {
    aggregate: (totals: Totals, { value }: ProcessorRecord) => {
      totals.n++;
      totals.total += value;
      return totals;
    },
    initialValue: { n: 0, total: 0 },
  },
} as const;

type Way = keyof typeof AGGREGATIONS;

type Processor = EnhancedStreamProcessor<ProcessorRecord>;

function processed(stream: Processor, record: ProcessorRecord, way: Way) {
  return stream.processRecord(record, AGGREGATIONS[way] as { aggregate: typeof aggregate });
}

function processor(
  runtime: SimulatedRuntime,
  options: Partial<EnhancedStreamProcessorOptions<ProcessorRecord>> = {},
): Processor {
  const windowAssigner = new TumblingWindow({ size: 10 });
  return new EnhancedStreamProcessor({ windowAssigner, timestamp: "at", runtime, ...options });
}

function breakBees(runtime: SimulatedRuntime, crashes: number): void {
  let left = crashes;
  const strike = () => {
    const [name] = runtime.workers;
    if (name !== undefined) {
      runtime.crash(name);
      left--;
    }
    if (left > 0) runtime.after(0.1, strike);
  };
  if (left > 0) runtime.after(0.1, strike);
}

Deno.test("Each call gives what its record closed, and all of it, whatever the windows and watermarks", async () => {
  let lost = 0;
  const property = fc.asyncProperty(setups, async (given) => {
    const { seed, window, strategy, actions, workers, overlaps, bufferSize, way, crashes } = given;
    const expected = expectedOf(window, strategy(), actions);
    await inSimulation(seed, async (runtime) => {
      breakBees(runtime, crashes);
      const options = { windowAssigner: window, watermarkGenerator: strategy() };
      const stream = processor(runtime, { ...options, workers, bufferSize, maxLostBees: 9 });
      const calls: Promise<WindowResult[] | undefined>[] = [];
      for (const action of actions) {
        const call = action.kind === "flush"
          ? stream.flush()
          : processed(stream, action.record, way);
        calls.push(call);
        if (!overlaps) await call;
      }
      const results = await Promise.all(calls);
      assertEquals(results.map(told), expected.calls.map(expectedTexts));
      results.forEach((each, at) => {
        if (actions[at].kind === "record") assert(each === undefined || each.length > 0);
      });
      const { late, openWindows, recordsProcessed } = stream.metrics();
      assertEquals([late, openWindows], [expected.late, expected.openWindows]);
      assertEquals(recordsProcessed, actions.filter(({ kind }) => kind === "record").length);
      assertEquals(told(await stream.close()), expectedTexts(expected.rest));
      assertEquals(await stream.close(), []);
      lost += stream.metrics().lostBees;
    });
  });
  await fc.assert(property, { numRuns: RUNS });
  assert(lost > RUNS / 10, `only ${lost} bees were lost`);
});

Deno.test("Records that close no window go to no bee", async () => {
  await inSimulation(1, async (runtime) => {
    const stream = processor(runtime);
    for (let at = 0; at < 900; at++) {
      assertEquals(await stream.processRecord({ at: at % 10, value: 1 }, { aggregate }), undefined);
    }
    assertEquals(runtime.workers, []);
    const { recordsProcessed, openWindows, waiting } = stream.metrics();
    assertEquals([recordsProcessed, openWindows, waiting], [900, 1, 900]);
    const [{ value }] = await stream.close();
    assertEquals(value, { n: 900, total: 900 });
  });
});

Deno.test("Back pressure holds: calls wait while too many records wait for the bees", async () => {
  await inSimulation(3, async (runtime) => {
    const stream = processor(runtime, { bufferSize: 4, workers: 1 });
    let done = 0;
    const calls = Array.from(
      { length: 40 },
      () => stream.processRecord({ at: 1, value: 1 }, { aggregate }).then(() => done++),
    );
    for (let turn = 0; turn < 3; turn++) await Promise.resolve();
    assert(done <= 4, `${done} calls have returned`);
    await Promise.all(calls);
    assertEquals(done, 40);
    assertEquals(told(await stream.close()), ["10 0 object null: 40 40"]);
  });
});

Deno.test("Windows of a calendar close at their ends", async () => {
  await inSimulation(1, async (runtime) => {
    const windowAssigner = new CalendarWindow({ unit: "day", timeZone: "Europe/Berlin" });
    const stream = processor(runtime, { windowAssigner });
    const at = (text: string) => Date.parse(text);
    for (const way of ["2024-03-30T12:00Z", "2024-03-31T10:00Z"]) {
      const closed = await stream.processRecord({ at: at(way), value: 1 }, { aggregate });
      if (closed === undefined) continue;
      const [{ windowStart, windowEnd, value }] = closed;
      assertEquals([windowStart, windowEnd], [at("2024-03-29T23:00Z"), at("2024-03-30T23:00Z")]);
      assertEquals(value, { n: 1, total: 1 });
    }
    assertEquals(stream.metrics().openWindows, 1);
    const [{ windowStart, windowEnd }] = await stream.flush();
    assertEquals(windowEnd - windowStart, 23 * 3_600_000);
  });
});

Deno.test("A loop gets all results from its beginning on, and calls none", async () => {
  await inSimulation(5, async (runtime) => {
    const stream = processor(runtime);
    const add = (at: number) => stream.processRecord({ at, value: at }, { aggregate });
    await add(1);
    assertEquals(told(await add(11)), ["10 0 object null: 1 1"]);
    const seen: WindowResult[] = [];
    const reading = (async () => {
      for await (const result of stream) {
        seen.push(result);
        if (seen.length === 2) return;
      }
    })();
    assertEquals([await add(21), await add(31)], [undefined, undefined]);
    await reading;
    assertEquals(told(seen), ["20 10 object null: 1 11", "30 20 object null: 1 21"]);
    // Nobody reads any more: results are for calls again.
    assertEquals(told(await add(41)), ["40 30 object null: 1 31"]);
    assertEquals(told(await stream.close()), ["50 40 object null: 1 41"]);
    for await (const _ of stream) throw new Error("there is nothing left");
  });
});

Deno.test("A loop ends with the processor, whose close() gives it what is left", async () => {
  await inSimulation(6, async (runtime) => {
    const stream = processor(runtime);
    const reading = (async () => await Array.fromAsync(stream))();
    for (const at of [1, 11, 2, 12]) await stream.processRecord({ at, value: 1 }, { aggregate });
    assertEquals(await stream.close(), []);
    assertEquals(told(await reading), ["10 0 object null: 1 1", "20 10 object null: 2 2"]);
    assertEquals(stream.metrics().late, 1);
  });
});

Deno.test("What the clock closes is given to the next call", async () => {
  await inSimulation(7, async (runtime) => {
    const watermarkGenerator = new PeriodicWatermarkGenerator({ interval: 100, clock: "wall" });
    const stream = processor(runtime, { watermarkGenerator });
    const add = (at: number) => stream.processRecord({ at, value: 1 }, { aggregate });
    const rest = (ms: number) => new Promise<void>((resolve) => runtime.after(ms, resolve));
    assertEquals([await add(5), await add(25), await add(6)], [undefined, undefined, undefined]);
    await rest(1000);
    assertEquals(stream.metrics().watermark, 25);
    assertEquals(told(await add(26)), ["10 0 object null: 2 2"]);
    assertEquals(await add(7), undefined);
    assertEquals(stream.metrics().late, 1);
    assertEquals(told(await stream.close()), ["30 20 object null: 2 2"]);
  });
});

Deno.test("Watermarks may come from marked records, whose numbers may be whole or not", async () => {
  await inSimulation(17, async (runtime) => {
    const watermarkGenerator = new PunctuatedWatermarks({ when: col<number>("value").gt(9) });
    const stream = processor(runtime, { watermarkGenerator });
    const values = [[5, 1], [30, 2.5], [6, 3], [31, 9.5], [7, 1]];
    const results = [];
    for (const [at, value] of values) {
      results.push(told(await stream.processRecord({ at, value }, { aggregate })));
    }
    assertEquals(results, [[], [], [], ["10 0 object null: 2 4"], []]);
    assertEquals(stream.metrics().late, 1);
    await stream.close();
  });
});

Deno.test("A schema says what the columns of built-in aggregates are", async () => {
  await inSimulation(18, async (runtime) => {
    const columns = schema({ value: t.i64 });
    const stream = processor(runtime, { schema: columns });
    const add = (value: unknown) =>
      stream.processRecord({ at: 1, value } as ProcessorRecord, { aggregate });
    await add(2n ** 60n);
    await assertRejects(() => add(1.5), TypeError, "i64");
    await add(1n);
    const [{ value }] = await stream.close();
    assertEquals(value, { n: 2, total: 2n ** 60n + 1n });
    const missing = processor(runtime, { schema: schema({ other: t.f64 }) });
    await assertRejects(
      () => missing.processRecord({ at: 1, value: 1 }, { aggregate }),
      TypeError,
      'the schema has no such column, but "other"',
    );
    await missing.close();
  });
});

Deno.test("explain() tells the plan, and which promise holds", async () => {
  await inSimulation(19, async (runtime) => {
    const stream = processor(runtime, { deliveryGuarantee: "atLeastOnce", key: ({ key }) => key });
    assertThrows(() => stream.explain(), Error, "known with the first record");
    await processed(stream, { at: 1, value: 1 }, "list");
    await stream.close();
    const text = stream.explain();
    assert(!text.includes("\0") && !text.includes("u0000"), text);
    for (const line of ['event time  "at"', "keyBy       key(record)", "at least once: "]) {
      assert(text.includes(line), text);
    }
    assert(text.includes("tumbling, 10ms each"), text);
  });
});

Deno.test("A property that no record has is an error, and one that is null or comes later is none", async () => {
  const run = async (records: object[]) => {
    return await inSimulation(20, async (runtime) => {
      const stream = processor(runtime);
      for (const record of records) {
        await stream.processRecord(record as ProcessorRecord, { aggregate });
      }
      return (await stream.close()).map(({ value }) => value);
    });
  };
  const message = 'column "value": no record so far has such a property, the first one has "at"';
  await assertRejects(() => run([{ at: 1 }]), Error, message);
  await assertRejects(() => run([{ at: 1 }, { at: 11 }]), Error, message);
  assertEquals(await run([{ at: 1, value: null }]), [{ n: 1, total: null }]);
  assertEquals(await run([{ at: 1 }, { at: 2, value: 3 }]), [{ n: 2, total: 3 }]);
});

Deno.test("Late records go aside as they were given", async () => {
  await inSimulation(8, async (runtime) => {
    const late: unknown[] = [];
    const stream = processor(runtime, {
      lateData: "sideOutput",
      lateOutput: ({ record, position }) => void late.push([position, record]),
    });
    const records = [{ at: 5, value: 1 }, { at: 15, value: 2 }, { at: 3, key: "x", value: 3 }];
    for (const record of records) await processed(stream, record, "list");
    await stream.close();
    assertEquals(late, [[2, { at: 3, key: "x", value: 3 }]]);
  });
});

Deno.test("Times may be dates, texts and numbers of a format, and what a function gives", async () => {
  const timesOf = async (
    record: object,
    options: Partial<EnhancedStreamProcessorOptions<Record<string, unknown>>>,
  ) => {
    return await inSimulation(1, async (runtime) => {
      const windowAssigner = new TumblingWindow({ size: 1 });
      const stream = new EnhancedStreamProcessor({ windowAssigner, runtime, ...options });
      await stream.processRecord(record as Record<string, unknown>, { aggregate: { n: count() } });
      return (await stream.close())[0].windowStart;
    });
  };
  assertEquals(await timesOf({ timestamp: 1500.9 }, {}), 1500);
  assertEquals(await timesOf({ timestamp: new Date(7) }, { timestampFormat: "s" }), 7);
  assertEquals(await timesOf({ timestamp: "1970-01-01T00:00:02Z" }, {}), 2000);
  assertEquals(await timesOf({ timestamp: 1.5 }, { timestampFormat: "s" }), 1500);
  assertEquals(await timesOf({ timestamp: 9n }, {}), 9);
  assertEquals(await timesOf({ x: { y: 3 } }, { timestamp: ({ x }) => (x as { y: number }).y }), 3);
});

Deno.test("A record that cannot be used rejects its own call alone, and counts nowhere", async () => {
  await inSimulation(9, async (runtime) => {
    const stream = processor(runtime);
    const add = (record: object) => stream.processRecord(record as ProcessorRecord, { aggregate });
    await add({ at: 1, value: 1 });
    const wrong: [object, string][] = [
      [{ value: 1 }, 'it has no event time, for "at" is undefined'],
      [{ at: NaN, value: 1 }, "must be milliseconds since 1970"],
      [{ at: "noon", value: 1 }, 'received "noon"'],
      [{ at: 2, value: "much" }, "value"],
      [{ at: 2, key: {}, value: 1 }, "its key must be a string, number, bigint or boolean"],
      [[1], "it must be an object, received an array"],
      [null as never, "it must be an object, received null"],
    ];
    for (const [record, message] of wrong) {
      await assertRejects(() => add(record), TypeError, message);
    }
    assertEquals(stream.metrics().recordsProcessed, 1);
    assertEquals(told(await stream.close()), ["10 0 object null: 1 1"]);
    await assertRejects(() => add({ at: 3, value: 1 }), Error, "the processor is closed");
  });
});

Deno.test("One processor has one aggregate, which may be written again and again", async () => {
  await inSimulation(10, async (runtime) => {
    const stream = processor(runtime);
    const record = { at: 1, value: 2 };
    for (let n = 0; n < 3; n++) {
      await stream.processRecord(record, {
        aggregate: (sum: number, { value }) => sum + value,
        initialValue: 0,
      });
    }
    const message = "aggregate and initialValue must be those of the first call";
    const others = [
      { aggregate: (sum: number, { value }: ProcessorRecord) => sum + value, initialValue: 1 },
      { aggregate: (sum: number, { value }: ProcessorRecord) => sum - value, initialValue: 0 },
      { aggregate },
      { aggregate: (records: ProcessorRecord[]) => records.length },
    ];
    for (const other of others) {
      await assertRejects(
        () => stream.processRecord(record, other as { aggregate: typeof aggregate }),
        TypeError,
        message,
      );
    }
    assertEquals((await stream.close()).map(({ value }) => value), [6]);
  });
});

Deno.test("An aggregate that is none is refused, and says what it could be", async () => {
  const refused: [unknown, string][] = [
    [{ aggregate: (sum: number, r: ProcessorRecord) => sum + r.value }, "needs an initialValue"],
    [{ aggregate: {} }, "or built-in aggregates such as"],
    [{ aggregate: undefined }, "or built-in aggregates such as"],
    [{ aggregate, initialValue: 0 }, "leave initialValue out"],
    [{ aggregate: async () => await 1 }, "must not be async"],
    [{ aggregate: () => RUNS }, "RUNS"],
  ];
  for (const [options, message] of refused) {
    await inSimulation(11, async (runtime) => {
      const stream = processor(runtime);
      await assertRejects(
        () => stream.processRecord({ at: 1, value: 1 }, options as { aggregate: typeof aggregate }),
        TypeError,
        message,
      );
      assertEquals(await stream.close(), []);
    });
  }
});

Deno.test("A function that fails rejects the calls that wait and those that follow", async () => {
  await inSimulation(12, async (runtime) => {
    const stream = processor(runtime);
    const options = {
      aggregate: (records: ProcessorRecord[]) => {
        if (records.some(({ value }) => value < 0)) throw new RangeError("negative");
        return records.length;
      },
    };
    const add = (at: number, value: number) => stream.processRecord({ at, value }, options);
    await add(1, -1);
    const waiting = [add(11, 1), add(21, 1)];
    for (const call of await Promise.allSettled(waiting)) {
      assert(call.status === "rejected");
      assert(String(call.reason).includes("negative"), String(call.reason));
    }
    await assertRejects(() => add(31, 1), Error, "negative");
    // Somebody knows of it already.
    assertEquals(await stream.close(), []);
  });
});

Deno.test("A failure of which no call knows is told by close()", async () => {
  await inSimulation(13, async (runtime) => {
    const stream = processor(runtime);
    const options = {
      aggregate: (): number => {
        throw new RangeError("always");
      },
    };
    await stream.processRecord({ at: 1, value: 1 }, options);
    await assertRejects(() => stream.close(), Error, "always");
  });
});

Deno.test("Watermarks that fail reject the call and those that follow, and close() ends the bees", async () => {
  await inSimulation(21, async (runtime) => {
    const watermarkGenerator = new CustomWatermarks({
      create: () => ({
        onEvent: (time) => {
          if (time > 20) throw new RangeError("too new");
          return time;
        },
      }),
    });
    const stream = processor(runtime, { watermarkGenerator });
    const add = (at: number) => stream.processRecord({ at, value: 1 }, { aggregate });
    await add(1);
    await add(11);
    assert(runtime.workers.length > 0);
    await assertRejects(() => add(21), RangeError, "too new");
    await assertRejects(() => add(12), RangeError, "too new");
    assertEquals(await stream.close(), []);
    assertEquals(runtime.workers, []);
  });
});

Deno.test("Each window and key begins with an initial value of its own", async () => {
  await inSimulation(14, async (runtime) => {
    const initialValue: { seen: number[] } = { seen: [] };
    const stream = processor(runtime);
    const add = (at: number, key: string) =>
      stream.processRecord({ at, key, value: at }, {
        aggregate: (state: { seen: number[] }, { value }) => {
          state.seen.push(value);
          return state;
        },
        initialValue,
      });
    for (const [at, key] of [[1, "a"], [2, "b"], [3, "a"]] as const) await add(at, key);
    const first = await add(11, "a");
    const rest = await stream.close();
    const values = [...first ?? [], ...rest].map(({ key, value }) => [key, value]);
    assertEquals(values, [
      ["a", { seen: [1, 3] }],
      ["b", { seen: [2] }],
      ["a", { seen: [11] }],
    ]);
    assertEquals(initialValue, { seen: [] });
  });
});

Deno.test("Functions get the records as they were given, of whatever shape, and context", async () => {
  await inSimulation(15, async (runtime) => {
    const windowAssigner = new TumblingWindow({ size: 10 });
    const stream = new EnhancedStreamProcessor<{ timestamp: number }>({ windowAssigner, runtime });
    const given = [
      { timestamp: 3, tags: ["x", 1], nested: { deep: [{ a: null }] } },
      { timestamp: 1, text: "é", big: 7n, when: new Date(5) },
    ];
    for (const record of given) {
      await stream.processRecord(record, {
        aggregate: (records: unknown[], { context }) => ({ records, context }),
        context: { unit: "K" },
      });
    }
    const [{ value }] = await stream.close();
    assertEquals(value, { records: given, context: { unit: "K" } });
  });
});

Deno.test("A processor without records closes with nothing, and `await using` closes it", async () => {
  await inSimulation(16, async (runtime) => {
    const stream = processor(runtime);
    assertEquals([await stream.flush(), await stream.close()], [[], []]);
    let held: Processor;
    {
      await using used = processor(runtime);
      held = used;
      await used.processRecord({ at: 1, value: 1 }, { aggregate });
      await used.processRecord({ at: 11, value: 1 }, { aggregate });
      assert(runtime.workers.length > 0);
    }
    assertEquals(runtime.workers, []);
    assertEquals(held.metrics().results, 2);
  });
});

Deno.test("A processor refuses options that it cannot take", () => {
  const windowAssigner = new TumblingWindow({ size: 10 });
  const refused: [object, string][] = [
    [{}, "windowAssigner must be windows such as"],
    [{ windowAssigner: 60 }, "received 60"],
    [{ windowAssigner, watermarkGenerator: "10s" }, "watermarkGenerator must be a strategy"],
    [{ windowAssigner, timestamp: 5 }, "timestamp must be the name of a property or a function"],
    [{ windowAssigner, timestampFormat: "ns" }, "timestampFormat must be one of"],
    [{ windowAssigner, windowSize: 5 }, "there is no option"],
    [{ windowAssigner, deliveryGuarantee: "maybe" }, "deliveryGuarantee must be one of"],
  ];
  for (const [options, message] of refused) {
    assertThrows(() => new EnhancedStreamProcessor(options as never), TypeError, message);
  }
  assertThrows(() => new EnhancedStreamProcessor({ windowAssigner, bufferSize: 0 }), RangeError);
  const ofPipelines = [{ workers: 0 }, { ringBytes: 5 }, { lateData: "update" as const }];
  for (const options of ofPipelines) {
    const make = () => new EnhancedStreamProcessor({ windowAssigner, ...options });
    assertThrows(make, RangeError, "Cannot create EnhancedStreamProcessor: ");
  }
});

Deno.test("Real workers give the same as the simulation", async () => {
  const rows = Array.from({ length: 500 }, (_, at): ProcessorRecord => {
    return { at: at - at % 7, key: `k${at % 3}`, value: at };
  });
  const window = new SlidingWindow({ size: 50, slide: 20 });
  const strategy = () => new BoundedDisorder({ maxDisorder: 5 });
  const actions = rows.map((record) => ({ kind: "record", record } as const));
  const expected = expectedOf(window, strategy(), actions);
  for (const way of ["builtIn", "list", "fold"] as const) {
    await using stream = new EnhancedStreamProcessor<ProcessorRecord>({
      workers: 2,
      windowAssigner: window,
      watermarkGenerator: strategy(),
      timestamp: "at",
    });
    const calls = await Promise.all(rows.map((record) => processed(stream, record, way)));
    assertEquals(calls.map(told), expected.calls.map(expectedTexts));
    assertEquals(told(await stream.close()), expectedTexts(expected.rest));
    const { workerUtilization, processingRate } = stream.metrics();
    assert(workerUtilization >= 0 && workerUtilization <= 1 && processingRate > 0);
  }
});
