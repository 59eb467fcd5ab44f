import { lateModule } from "../runtime/late_module.ts";
import type { BlockDecoderSpec, CsvBlockSpec, NdjsonBlockSpec } from "../codecs/block_specs.ts";
import type { FunctionTables } from "../windows/create_window_table.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import type { OrderedTaskSpec } from "./ordered_task.ts";
import type { RecordTaskSpec } from "./record_task.ts";
import type { DecoderMaker, StepParts, TaskParts } from "./task_parts.ts";
import type { TransformTaskSpec } from "./transform_task.ts";
import type { WindowTaskSpec } from "./window_task.ts";

/** What a bee can do, as plain data. */
export type TaskSpec = RecordTaskSpec | TransformTaskSpec | WindowTaskSpec | OrderedTaskSpec;

/** Makes the logic for a task inside the bee: at once where there is nothing to import for it. */
export type TaskLoader = (spec: TaskSpec, context: BeeContext) => BeeTask | Promise<BeeTask>;

/** How the records of blocks are written. */
type BlockRecords = BlockDecoderSpec["format"];

/** What decides which modules a task takes. */
export interface TaskOutline {
  readonly kind: TaskSpec["kind"];
  /** As what blocks are decoded, where they are. */
  readonly decodes?: BlockRecords | undefined;
  /** Whether there are steps. */
  readonly hasSteps?: boolean;
}

/** What decides which modules a task takes that is known. */
export function outlineOf(spec: TaskSpec): TaskOutline {
  const { kind } = spec;
  if (kind === "records") return { kind };
  const steps = kind === "windows"
    ? [spec, ...spec.beside ?? []].flatMap(({ steps }) => steps)
    : spec.steps;
  const intake = "intake" in spec ? spec.intake : undefined;
  return { kind, decodes: intake?.decoder.format, hasSteps: steps.length > 0 };
}

/** What makes the tasks of an outline: its modules alone are loaded, which are a part of all. */
export async function taskLoaderOf(
  { kind, decodes, hasSteps = false }: TaskOutline,
): Promise<TaskLoader> {
  const [load, decoderOf, steps] = await Promise.all([
    LOADERS[kind]() as Promise<AnyLoader>,
    decodes && DECODERS[decodes](),
    hasSteps ? stepParts() : undefined,
  ]);
  return (spec, context) => load(spec, context, { decoderOf, steps });
}

type AnyLoader = (
  spec: TaskSpec,
  context: BeeContext,
  parts: TaskParts,
) => BeeTask | Promise<BeeTask>;

const LOADERS: Readonly<Record<TaskSpec["kind"], () => Promise<unknown>>> = {
  records: async () => {
    const url = new URL("./record_task.ts", import.meta.url);
    return (await lateModule<typeof import("./record_task.ts")>(url)).loadRecordTask;
  },
  transform: async () => {
    const url = new URL("./transform_task.ts", import.meta.url);
    return (await lateModule<typeof import("./transform_task.ts")>(url)).loadTransformTask;
  },
  windows: async () => {
    const url = new URL("./window_task.ts", import.meta.url);
    return windowLoader(await lateModule<typeof import("./window_task.ts")>(url));
  },
  orderedWindows: async () => {
    const url = new URL("./ordered_task.ts", import.meta.url);
    return (await lateModule<typeof import("./ordered_task.ts")>(url)).loadOrderedTask;
  },
};

/** Makes tasks of windows, and loads the tables that keep text and the like for those that have it. */
function windowLoader({ keepsValues, loadWindowTask }: typeof import("./window_task.ts")) {
  return (spec: WindowTaskSpec, context: BeeContext, parts: TaskParts) => {
    if (!keepsValues(spec)) return loadWindowTask(spec, context, parts);
    return tablesOfFunctions().then((functionTables) =>
      loadWindowTask(spec, context, { ...parts, functionTables })
    );
  };
}

async function tablesOfFunctions(): Promise<FunctionTables> {
  const url = new URL("../windows/table/function_window_table.ts", import.meta.url);
  type Tables = typeof import("../windows/table/function_window_table.ts");
  return (await lateModule<Tables>(url)).functionTables;
}

async function anyDecoder(): Promise<DecoderMaker> {
  const url = new URL("../codecs/create_block_decoder.ts", import.meta.url);
  type All = typeof import("../codecs/create_block_decoder.ts");
  return (await lateModule<All>(url)).createBlockDecoder;
}

/** What lines are decoded with is a tenth of what all formats take. */
const DECODERS: Readonly<Record<BlockRecords, () => Promise<DecoderMaker>>> = {
  ndjson: async () => {
    const url = new URL("../codecs/json/ndjson_block_decoder.ts", import.meta.url);
    type Lines = typeof import("../codecs/json/ndjson_block_decoder.ts");
    const { NdjsonBlockDecoder } = await lateModule<Lines>(url);
    return (spec, kernel) => new NdjsonBlockDecoder(spec as NdjsonBlockSpec, kernel);
  },
  csv: async () => {
    const url = new URL("../codecs/csv/csv_block_decoder.ts", import.meta.url);
    type Rows = typeof import("../codecs/csv/csv_block_decoder.ts");
    const { CsvBlockDecoder } = await lateModule<Rows>(url);
    return (spec, kernel) => new CsvBlockDecoder(spec as CsvBlockSpec, kernel);
  },
  avro: anyDecoder,
  avroMessages: anyDecoder,
  framed: anyDecoder,
};

async function stepParts(): Promise<StepParts> {
  const made = new URL("./make_step.ts", import.meta.url);
  const functions = new URL("./step_function.ts", import.meta.url);
  const [{ makeStep }, { loadStepFunctions }] = await Promise.all([
    lateModule<typeof import("./make_step.ts")>(made),
    lateModule<typeof import("./step_function.ts")>(functions),
  ]);
  return { makeStep, loadStepFunctions };
}
