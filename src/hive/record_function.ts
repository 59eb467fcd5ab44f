import {
  evaluateRow,
  type Expr,
  expressionFromJson,
  isExpression,
} from "../batch/expressions/mod.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { RecordInfo } from "./record_info.ts";
import {
  describeFunction,
  explainReferenceError,
  loadFunction,
  type ModuleReference,
  type UserFunctionSpec,
} from "./user_function.ts";

/** A source whose only parameter is a name, or a pattern of names: it sees no second argument. */
const ONE_PARAMETER = new RegExp(
  String.raw`^(?:async\b\s*)?(?:[\w$]+\s*=>|` +
    String.raw`(?:function\b[^(]*|[\w$]+)?\s*\(\s*(?:[\w$]+|\{[\w$\s,:]*\})\s*,?\s*\)\s*(?:=>|\{))`,
);

/** How the user's function comes to a bee, as plain data. */
export interface RecordFunctionSpec {
  readonly source: UserFunctionSpec;
  /** Whether the function may take a second argument. */
  readonly usesInfo: boolean;
  /** Plain data for the function. */
  readonly context: unknown;
}

/** The user's function inside a bee. */
export interface RecordFunction {
  readonly usesInfo: boolean;
  readonly context: unknown;
  call(value: unknown, info: RecordInfo | undefined): unknown;
  /** The error that ends the stream, if `error` shows that the function cannot work in a bee. */
  unfit(error: unknown): Error | undefined;
}

type AnyFunction = (value: never, info: never) => unknown;

/**
 * Describes what was given to a stream's start, or to a step.
 *
 * @param name What a function without a name is called in messages.
 * @throws {TypeError} when it cannot work in a bee, naming what it reaches out for.
 */
export function functionSpec(
  fn: AnyFunction | ModuleReference | Expr<unknown>,
  context: unknown,
  name?: string,
): RecordFunctionSpec {
  if (isExpression(fn)) {
    if (context !== undefined) {
      throw new TypeError(
        "Cannot start: an expression takes no context; write its constants with lit()",
      );
    }
    return { source: { kind: "expression", expression: fn.toJSON() }, usesInfo: false, context };
  }
  const source = describeFunction(fn, name === undefined ? { context } : { context, name });
  const usesInfo = typeof fn !== "function" || mayUseInfo(fn);
  // The copy, so that a bee born later is given the same as the first ones.
  return { source, usesInfo, context: "context" in source ? source.context : undefined };
}

/** False only when the text shows that the function takes its value and nothing else. */
function mayUseInfo(fn: AnyFunction): boolean {
  const text = Function.prototype.toString.call(fn);
  return fn.length !== 1 || /\barguments\b/.test(text) || !ONE_PARAMETER.test(text);
}

/** Loads a function, or compiles an expression, where it will run. */
export async function loadRecordFunction(
  spec: RecordFunctionSpec,
  runtime: Runtime,
): Promise<RecordFunction> {
  const { source, usesInfo, context } = spec;
  if (source.kind === "expression") {
    const expression = expressionFromJson(source.expression);
    const call = (value: unknown) =>
      evaluateRow(expression, asRow(value), { now: runtime.wallClockMs() });
    return { usesInfo: false, context, call, unfit: () => undefined };
  }
  const call = await loadFunction(source) as RecordFunction["call"];
  const seesInfo = usesInfo && mayUseInfo(call);
  const unfit = (error: unknown) => {
    const explained = explainReferenceError(error, source);
    return explained === error ? undefined : explained as Error;
  };
  return { usesInfo: seesInfo, context, call, unfit };
}

function asRow(value: unknown): object {
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError(
    `Cannot evaluate expression: the record must be an object, received ${typeof value}`,
  );
}
