import { assertEquals, assertRejects } from "@std/assert";
import {
  count,
  EnhancedStreamProcessor,
  max,
  StreamingError,
  TumblingWindow,
  type WindowResult,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

interface Reading {
  timestamp: number;
  key: string;
  value: number;
}

const windowAssigner = new TumblingWindow({ size: 10 });

/** Compiles only if `Actual` is exactly `Expected`. */
function exactly<Expected>() {
  return <Actual>(
    _value: Actual,
    ..._proof: [Expected] extends [Actual] ? [Actual] extends [Expected] ? [] : [never] : [never]
  ) => {};
}

/** What a call gives that closes nothing. */
async function given<Result>(
  call: (stream: EnhancedStreamProcessor<Reading>, record: Reading) => Promise<Result>,
): Promise<Result> {
  const runtime = new SimulatedRuntime();
  return await runtime.drive(async () => {
    await using stream = new EnhancedStreamProcessor<Reading>({ windowAssigner, runtime });
    return await call(stream, { timestamp: 1, key: "a", value: 1 });
  });
}

Deno.test("Results have the type of what a function of the list gives", async () => {
  exactly<WindowResult<number>[] | undefined>()(
    await given((stream, record) =>
      stream.processRecord(record, {
        aggregate: (records) => records.reduce((sum, { value }) => sum + value, 0),
      })
    ),
  );
  exactly<WindowResult<{ n: number }>[] | undefined>()(
    await given((stream, record) =>
      stream.processRecord(record, {
        aggregate: (records) => ({ n: records.length }),
        initialValue: [],
      })
    ),
  );
});

Deno.test("Results have the type of what a fold begins with", async () => {
  exactly<WindowResult<number>[] | undefined>()(
    await given((stream, record) =>
      stream.processRecord(record, {
        aggregate: (sum: number, { value }) => sum + value,
        initialValue: 0,
      })
    ),
  );
  const lists = await given((stream, record) =>
    stream.processRecord(record, {
      aggregate: (list: number[], { value }: Reading) => [...list, value],
      initialValue: [],
    })
  );
  exactly<WindowResult<number[]>[] | undefined>()(lists);
});

Deno.test("Results have the types of built-in aggregates, of properties that there are", async () => {
  exactly<WindowResult<{ n: number; most: number | null }>[] | undefined>()(
    await given((stream, record) =>
      stream.processRecord(record, { aggregate: { n: count(), most: max("value") } })
    ),
  );
  const wrong = given(async (stream, record) => {
    // @ts-expect-error: there is no such property
    await stream.processRecord(record, { aggregate: { most: max("values") } });
  });
  await assertRejects(() => wrong, StreamingError, 'Cannot aggregate column "values"');
});

Deno.test("flush(), close() and loops know the type that the processor is told", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const stream = new EnhancedStreamProcessor<Reading, number>({ windowAssigner, runtime });
    const record = { timestamp: 1, key: "a", value: 7 };
    await stream.processRecord(record, { aggregate: (records) => records[0].value });
    // @ts-expect-error: it gives something else
    const wrong = stream.processRecord(record, { aggregate: (records) => records[0].key });
    await wrong.catch(() => {});
    const [{ value }] = await stream.close();
    exactly<number>()(value);
    assertEquals(value, 7);
  });
});
