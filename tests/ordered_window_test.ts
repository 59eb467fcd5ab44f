import { assertEquals, assertThrows } from "@std/assert";
import { schema, types as t } from "../src/batch/mod.ts";
import { col } from "../src/batch/expressions/builders.ts";
import { describeAssign, loadAssign } from "../src/hive/assign_function.ts";
import { CountWindow } from "../src/windows/count_window.ts";
import { createWindowOperator } from "../src/windows/create_window_operator.ts";
import { CustomWindow } from "../src/windows/custom_window.ts";
import { GlobalWindow } from "../src/windows/global_window.ts";
import {
  columnsForWindow,
  isOrderedWindow,
  orderedWindowSpec,
} from "../src/windows/ordered_window.ts";
import { SessionWindow } from "../src/windows/session_window.ts";
import { TrailingWindow } from "../src/windows/trailing_window.ts";
import { TumblingWindow } from "../src/windows/tumbling_window.ts";
import type { WindowOperatorSpec } from "../src/windows/window_spec.ts";
import { type FedRow, feed, type Feeding, FUNCTIONS } from "./support/operator_case.ts";
import { Random } from "./support/random.ts";

Deno.test("window classes refuse what they cannot be made of, and say what to do", () => {
  const wrong: [() => unknown, string][] = [
    [() => new SessionWindow({ gap: 0 }), "at least 1 ms, received 0"],
    [() => new SessionWindow({ gap: "soon" }), "Cannot read session gap"],
    [() => new SessionWindow({ gaps: 1 } as never), "did you mean gap?"],
    [() => new CountWindow({ size: 0 }), "whole number of rows from 1 to 1000000000, received 0"],
    [() => new CountWindow({ size: 1.5 }), "size must be a whole number of rows"],
    [() => new CountWindow({ size: 2, slide: NaN }), "slide must be a whole number of rows"],
    [() => new CountWindow({ size: 2, partial: 1 as never }), "partial must be true or false"],
    [() => new CountWindow(5 as never), "such as { size: 100 }, received 5"],
    [() => new TrailingWindow({ duration: -1 }), "at least 0 ms, received -1"],
    [() => new CustomWindow({} as never), "either assign or start and end, received none"],
    [
      () => new CustomWindow({ assign: () => [], start: col("a"), end: col("b") } as never),
      "received assign and start and end",
    ],
    [() => new CustomWindow({ start: col("a") } as never), "end must be an expression"],
    [() => new CustomWindow({ assign: 3 as never }), "a function or { module, export }"],
    [() => new CustomWindow({ assign: () => [], columns: "a" as never }), "array of names"],
  ];
  for (const [make, message] of wrong) assertThrows(make, Error, message);
});

Deno.test("orderedWindowSpec() gives windows as data that can be posted", () => {
  const windows = [
    new SessionWindow({ gap: "10s" }),
    new SessionWindow({ gap: col("timeout") }),
    new CountWindow({ size: 3 }),
    new TrailingWindow({ duration: "1m" }),
    new GlobalWindow(),
    new CustomWindow({ start: col("from"), end: col("to") }),
    new CustomWindow({ assign: () => [], columns: ["a"] }),
  ];
  const specs = windows.map(orderedWindowSpec);
  assertEquals(structuredClone(specs), specs);
  assertEquals(specs.map(({ kind }) => kind), [
    "session",
    "session",
    "count",
    "trailing",
    "global",
    "bounds",
    "custom",
  ]);
  assertEquals(windows.map((window) => columnsForWindow(window).length), [0, 1, 0, 0, 0, 2, 0]);
  assertEquals([...windows, new TumblingWindow({ size: 1 }), null].map(isOrderedWindow), [
    ...windows.map(() => true),
    false,
    false,
  ]);
});

Deno.test("describeAssign() and loadAssign() bring a function with its context to a bee", async () => {
  const window = new CustomWindow<{ size: number }, { shift: number }>({
    assign: ({ size }, { time, context }) => [{ start: time - context.shift, end: time + size }],
    context: { shift: 5 },
  });
  const assign = await loadAssign(structuredClone(describeAssign(window)!));
  assertEquals(assign({ size: 3 }, 100), [{ start: 95, end: 103 }]);
  assertEquals(describeAssign(new CustomWindow({ start: col("a"), end: col("b") })), undefined);
  const outside = 3;
  assertThrows(
    () => describeAssign(new CustomWindow({ assign: () => [{ start: 0, end: outside }] })),
    TypeError,
    `the variable "outside"`,
  );
  const failing = new CustomWindow({
    assign: () => {
      throw new RangeError("no");
    },
  });
  const fails = await loadAssign(describeAssign(failing)!);
  assertThrows(() => fails({}, 0), Error, "Cannot put row into windows: assign() failed: no");
});

const rows = (...times: number[]): FedRow[] =>
  times.map((time) => ({ time, keys: [], watermark: -Infinity }));

function fed(window: WindowOperatorSpec["window"], more: Partial<Feeding> = {}) {
  return feed({ window, time: "time" }, {
    rows: rows(10, 20),
    keyTypes: [],
    random: new Random(1),
    ...more,
  });
}

Deno.test("custom windows take each window that a function gives once, and check them", () => {
  const twice = { start: 0, end: 50 };
  const { results } = fed({ kind: "custom" }, { assign: () => [twice, { ...twice }] });
  assertEquals(results.map(({ row }) => row), [{
    windowStart: 0,
    windowEnd: 50,
    n: 2,
    all: "0 1",
  }]);
  const wrong: [unknown, string][] = [
    [undefined, "must give an array of windows"],
    [Promise.resolve([]), "not be async, received an object"],
    [[{ start: 5, end: 5 }], "the start before the end, received { start: 5, end: 5 }"],
    [[{ start: 0.5, end: 5 }], "whole milliseconds"],
    [[{ start: -Infinity, end: 5 }], "whole milliseconds"],
    [[null], "received { start: undefined"],
  ];
  for (const [given, message] of wrong) {
    assertThrows(() => fed({ kind: "custom" }, { assign: () => given }), TypeError, message);
  }
});

Deno.test("custom windows by bounds leave out rows whose bounds are none", () => {
  const given = [30, null, 20, 40];
  const { results, outside } = fed({ kind: "bounds", start: "time", end: "extra" }, {
    rows: given.map((extra, at) => ({ time: 20, keys: [], watermark: at, extra })),
    extraType: { kind: "f64" },
  });
  assertEquals(outside, 2);
  assertEquals(results.map(({ row }) => [row.windowStart, row.windowEnd, row.all]), [
    [20, 30, "0"],
    [20, 40, "3"],
  ]);
});

Deno.test("sessions count rows without a usable gap as in no window", () => {
  const gaps = [5, null, 0, -1, NaN, Infinity, 7.9];
  const { results, outside } = fed({ kind: "session", gap: { column: "extra" } }, {
    rows: gaps.map((extra, at) => ({ time: 100 * at, keys: [], watermark: -Infinity, extra })),
    extraType: { kind: "f64" },
  });
  assertEquals(outside, 5);
  assertEquals(results.map(({ row }) => [row.windowStart, row.windowEnd]), [[0, 5], [600, 607]]);
});

Deno.test("count and global windows do without event times", () => {
  const at = { schema: schema({ v: t.i32 }), functions: FUNCTIONS };
  const names = (spec: WindowOperatorSpec) => {
    const { fields } = createWindowOperator(spec, at).resultSchema;
    return fields.slice(3, 5).map(({ name, nullable }) => [name, nullable]);
  };
  const nullable = [["windowStart", true], ["windowEnd", true]];
  const count = { kind: "count", size: 2, slide: 2, partial: false } as const;
  assertEquals(names({ window: count }), nullable);
  assertEquals(names({ window: { kind: "global" } }), nullable);
  assertThrows(
    () => createWindowOperator({ window: { kind: "session", gap: 1 } }, at),
    TypeError,
    "Cannot make session windows: they need event times",
  );
});

Deno.test("operators refuse triggers that their windows cannot have, and columns that do not fit", () => {
  const at = { schema: schema({ time: t.timestamp, name: t.utf8 }), functions: FUNCTIONS };
  const count = { kind: "count", size: 2, slide: 2, partial: false } as const;
  const time = "time";
  const wrong: [WindowOperatorSpec, string][] = [
    [{ window: count, trigger: { everyRows: 1 } }, "Cannot trigger count windows"],
    [{ window: count, revisedFor: 1 }, "Cannot trigger count windows"],
    [{ window: { kind: "trailing", duration: 1 }, time, trigger: { every: 1 } }, "early"],
    [{ window: { kind: "global" }, trigger: { every: 5 } }, "rows have none; add timestamps()"],
    [{ window: { kind: "custom" }, time }, "their function is missing"],
    [{ window: { kind: "global" }, time: "name" }, 'Cannot take event times from column "name"'],
    [{ window: { kind: "global" }, keys: ["x"] }, 'Cannot key by column "x"'],
    [{ window: { kind: "session", gap: { column: "name" } }, time }, "received utf8"],
    [{ window: { kind: "bounds", start: "time", end: "name" }, time }, "received utf8"],
  ];
  for (const [spec, message] of wrong) {
    assertThrows(() => createWindowOperator(spec, at), TypeError, message);
  }
  const functions = new Map([["windowEnd", FUNCTIONS.get("n")!]]);
  assertThrows(
    () => createWindowOperator({ window: { kind: "global" } }, { ...at, functions }),
    TypeError,
    `received "windowEnd" twice`,
  );
});
