import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { col } from "@waggle/stream";
import { functionSpec, loadRecordFunction } from "../src/hive/record_function.ts";
import type { RecordInfo } from "../src/hive/record_info.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

type Handler = Parameters<typeof functionSpec>[0];

const INFO = { key: "k", context: { n: 5 } } as unknown as RecordInfo;
const runtime = new SimulatedRuntime();

function usesInfo(fn: Handler): boolean {
  return functionSpec(fn, undefined).usesInfo;
}

/** Functions that see their second argument, in every way of writing them. */
const SEEING: Handler[] = [
  (_: unknown, info: unknown) => info,
  (_: unknown, { key }: { key?: string } = {}) => key,
  (_: unknown, ...rest: unknown[]) => rest[0],
  (...all: unknown[]) => all[1],
  (_: unknown = 1, info?: unknown) => info,
  ({ a }: { a?: unknown }, { key }: { key?: string } = {}) => [a, key],
  function (_: unknown) {
    return arguments[1];
  },
  function (_: unknown, { key }: { key?: string } = {}) {
    return key;
  },
  async (_: unknown, { key }: { key?: string } = {}) => await key,
  {
    method(_: unknown, { key }: { key?: string } = {}) {
      return key;
    },
  }.method,
];

/** Functions that cannot see it. */
const BLIND: Handler[] = [
  (value: unknown) => value,
  ({ a, b: c }: { a: unknown; b: unknown }) => [a, c],
  function (value: unknown) {
    return value;
  },
  function named(value: unknown) {
    return value;
  },
  async (value: unknown) => await value,
  async function (value: unknown) {
    return await value;
  },
  {
    method(value: unknown) {
      return value;
    },
  }.method,
  // deno-fmt-ignore
  (
    value: unknown,
  ) => value,
];

Deno.test("functionSpec() finds that a function may look at its second argument", () => {
  for (const fn of SEEING) assertEquals(usesInfo(fn), true, String(fn));
});

Deno.test("functionSpec() finds that a function takes its value and nothing else", () => {
  for (const fn of BLIND) assertEquals(usesInfo(fn), false, String(fn));
});

Deno.test("loadRecordFunction() gives a function what it may look at", async () => {
  for (const fn of SEEING) {
    const loaded = await loadRecordFunction(functionSpec(fn, undefined), runtime);
    const result = await loaded.call({ a: undefined }, loaded.usesInfo ? INFO : undefined);
    const text = JSON.stringify(result);
    assertEquals(text.includes('"k"'), true, `${fn} gave ${text}`);
  }
});

Deno.test("functionSpec() copies the context, and gives none to an expression", () => {
  const context = { n: 1 };
  const spec = functionSpec((value: unknown) => value, context);
  assertEquals(spec.context, { n: 1 });
  assertThrows(() => functionSpec(col("a"), context), TypeError, "takes no context");
});

Deno.test("loadRecordFunction() evaluates an expression over the fields of an object", async () => {
  const spec = functionSpec(col<number>("a").mul(2), undefined);
  const { call, usesInfo } = await loadRecordFunction(structuredClone(spec), runtime);
  assertEquals([call({ a: 21 }, undefined), usesInfo], [42, false]);
  assertThrows(() => call(21, undefined), TypeError, "must be an object, received number");
  assertThrows(() => call(null, undefined), TypeError, "must be an object");
});

Deno.test("RecordFunction.unfit() explains a missing name, and nothing else", async () => {
  const loaded = await loadRecordFunction(functionSpec((n: unknown) => n, undefined), runtime);
  assertEquals(loaded.unfit(new TypeError("limit is not defined")), undefined);
  const explained = loaded.unfit(new ReferenceError("limit is not defined"));
  assertInstanceOf(explained, TypeError);
  assertEquals(explained.message.includes('"limit"'), true);
});

Deno.test("functionSpec() hands on the context as it was, whatever becomes of it later", () => {
  const context: Record<string, unknown> = { limits: { low: 1 } };
  const spec = functionSpec((value: unknown, { context }: RecordInfo) => [value, context], context);
  (context.limits as { low: number }).low = 2;
  context.added = () => "could not even be posted to a bee";
  assertEquals(spec.context, { limits: { low: 1 } });
});
