import { assertEquals } from "@std/assert";
import type { BlockDecoderSpec } from "../src/codecs/block_specs.ts";
import { keepsValues, type WindowTaskSpec } from "../src/hive/window_task.ts";
import { outlineOf, type TaskOutline, type TaskSpec } from "../src/hive/task_loader.ts";

const NO_COLUMNS = { fields: [] };
const NO_AGGREGATES = { steps: [], window: { aggregates: {} } };
const TEXTS = { fields: [{ name: "name", type: { kind: "utf8" } }] };
const NUMBERS = { fields: [{ name: "name", type: { kind: "i32" } }] };
const FIRST = { window: { aggregates: { name: { op: "first", column: "name" } } } };
const STEP = { kind: "filter", node: { kind: "column", name: "ok" } };

/** A task of which no more is said than what decides about its modules. */
function taskOf(kind: TaskSpec["kind"], rest: object = {}): TaskSpec {
  return { kind, schema: NO_COLUMNS, steps: [], kernel: {}, ...rest } as unknown as TaskSpec;
}

function reading(format: BlockDecoderSpec["format"]) {
  return { intake: { decoder: { format }, bound: 0, picked: [], schema: NO_COLUMNS } };
}

Deno.test("outlineOf() tells what of a task decides which modules it takes", () => {
  const outlines: [TaskSpec, TaskOutline][] = [
    [taskOf("records"), { kind: "records" }],
    [taskOf("windows"), { kind: "windows", decodes: undefined, hasSteps: false }],
    [
      taskOf("windows", reading("csv")),
      { kind: "windows", decodes: "csv", hasSteps: false },
    ],
    [
      taskOf("windows", { beside: [{ steps: [] }, { steps: [STEP] }] }),
      { kind: "windows", decodes: undefined, hasSteps: true },
    ],
    [
      taskOf("transform", { ...reading("avro"), steps: [STEP] }),
      { kind: "transform", decodes: "avro", hasSteps: true },
    ],
    [
      taskOf("orderedWindows", { steps: [STEP] }),
      { kind: "orderedWindows", decodes: undefined, hasSteps: true },
    ],
  ];
  for (const [spec, outline] of outlines) assertEquals(outlineOf(spec), outline);
});

Deno.test("keepsValues() is of windows that keep texts, or may, and so are those beside others", () => {
  const kept = (rest: object) => keepsValues(taskOf("windows", rest) as WindowTaskSpec);
  const numbers = { ...FIRST, schema: NUMBERS };
  assertEquals([kept(NO_AGGREGATES), kept(numbers)], [false, false]);
  assertEquals(kept({ ...FIRST, schema: TEXTS }), true);
  assertEquals(kept({ ...numbers, steps: [STEP] }), true);
  assertEquals(kept({ ...NO_AGGREGATES, beside: [{ ...FIRST, steps: [STEP] }] }), true);
});
