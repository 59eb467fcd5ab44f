import type { Schema } from "../batch/schema.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Aggregates } from "../windows/aggregates.ts";
import { createWindowOperator } from "../windows/create_window_operator.ts";
import { functionsOf } from "../windows/functions/functions_of.ts";
import type { LoadedFunctions } from "../windows/functions/user_functions.ts";
import { createSessionOperator } from "../windows/kernel_session_operator.ts";
import type { OperatorAssign } from "../windows/operator/assigners.ts";
import { whySessionsInJavaScript } from "../windows/session_place.ts";
import { ORDER_COLUMNS, type WindowOperator } from "../windows/window_operator.ts";
import type { WindowOperatorSpec } from "../windows/window_spec.ts";
import { loadAggregates } from "./aggregate_spec.ts";
import { loadAssign } from "./assign_function.ts";
import { offerOperators } from "./operator_schema.ts";
import { loadFunction, type UserFunctionSpec } from "./user_function.ts";

/** What an operator is made with. */
export interface OperatorContext {
  /** Of the rows that come. */
  readonly schema: Schema;
  /** Column of event times, ms; absent where rows have none. */
  readonly time?: string;
  readonly keys: readonly string[];
  /** Where loops may run. */
  readonly kernel?: Kernel;
}

/** Windows that an operator puts rows into: in JavaScript, or plain sessions in the kernel. */
export interface WindowsSpec {
  readonly kind: "windows";
  /** But for the columns of event times and keys. */
  readonly windows: Omit<WindowOperatorSpec, "time" | "keys">;
  readonly aggregates: Aggregates;
  /** The function of custom windows. */
  readonly assign?: UserFunctionSpec;
}

/** An export of a module that makes operators. */
export interface OperatorModuleSpec {
  readonly kind: "module";
  readonly url: string;
  readonly export: string;
  /** What that is called with. */
  readonly options: unknown;
  /** Of what the operators give, without what tells their order. */
  readonly resultSchema: Schema;
}

/** How an operator comes about in a bee, as plain data. */
export type OperatorSpec = WindowsSpec | OperatorModuleSpec;

/** Whether the aggregates of users' functions, or of custom windows, are to be loaded. */
function hasFunctions({ aggregates, assign }: WindowsSpec): boolean {
  return assign !== undefined ||
    Object.values(aggregates).some(({ options }) => options?.functions);
}

function windowsOperator(
  { windows, aggregates }: WindowsSpec,
  { schema, time, keys, kernel }: OperatorContext,
  { loaded, assign }: { loaded?: LoadedFunctions; assign?: OperatorAssign } = {},
): WindowOperator {
  const { window, semantics } = windows;
  const placed = { windows, aggregates, keys, schema };
  const isSession = window.kind === "session" && time !== undefined;
  if (kernel && isSession && whySessionsInJavaScript(placed) === undefined) {
    const { gap } = window;
    const touching = semantics?.sessionsTouch;
    const alone = semantics?.sessionLateBy === "alone";
    return createSessionOperator(kernel, { schema, time, keys, aggregates, gap, touching, alone });
  }
  const functions = functionsOf(aggregates, schema, loaded);
  const parts = { schema, functions, ...(assign && { assign }) };
  return createWindowOperator({ ...windows, ...(time !== undefined && { time }), keys }, parts);
}

/** Makes operators. */
export type OperatorMaker = (context: OperatorContext) => WindowOperator;

async function loadWindows(spec: WindowsSpec): Promise<OperatorMaker> {
  const { assign } = spec;
  const loaded = await loadAggregates(spec.aggregates);
  const functions = {
    loaded,
    ...(assign && { assign: await loadAssign(assign) }),
  };
  return (context) => windowsOperator(spec, context, functions);
}

async function loadModule(spec: OperatorModuleSpec): Promise<OperatorMaker> {
  const make = await loadFunction(spec);
  return (context) => make(spec.options, context) as WindowOperator;
}

/** Loads what makes operators inside a bee: at once where there is nothing to import for it. */
export function loadOperator(spec: OperatorSpec): OperatorMaker | Promise<OperatorMaker> {
  if (spec.kind === "module") return loadModule(spec);
  return hasFunctions(spec) ? loadWindows(spec) : (context) => windowsOperator(spec, context);
}

/** What the results of an operator are: see `operatorSchema()`. */
function schemaOf(spec: OperatorSpec, context: OperatorContext): Schema {
  if (spec.kind === "module") return spec.resultSchema;
  // Functions are not called for it, and so need not be there.
  const loaded = new Map(Object.keys(spec.aggregates).map((name) => [name, {}]));
  using operator = windowsOperator(spec, context, { loaded, assign: () => [] });
  return { fields: operator.resultSchema.fields.slice(ORDER_COLUMNS.length) };
}

offerOperators(schemaOf);
