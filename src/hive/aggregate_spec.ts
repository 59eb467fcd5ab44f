import type { OrderedOp } from "../windows/aggregate_place.ts";
import type { Aggregates } from "../windows/aggregates.ts";
import type { LoadedFunctions, UserFunctions } from "../windows/functions/user_functions.ts";
import { received } from "../runtime/known_options.ts";
import { StreamingError } from "./streaming_error.ts";
import {
  describeFunction,
  explainReferenceError,
  loadExport,
  loadFunction,
  type ModuleReference,
  type UserFunctionSpec,
} from "./user_function.ts";

/** The functions of an aggregate, in the order in which they are looked for. */
const PARTS = ["init", "add", "merge", "result", "retract"] as const;
type Part = (typeof PARTS)[number];

/** Which function it is that stands alone. */
const ONLY_PART: Partial<Record<OrderedOp, Part>> = {
  aggregateRows: "result",
  foldRows: "add",
  reduce: "add",
};

/** A module stands for all functions of an aggregate, and not for one of them. */
const WHOLE_FORM = `aggregateOf({ module: new URL("./aggregate.ts", import.meta.url), ` +
  `export: "aggregate" }), where an object with all functions is exported`;

const ASYNC = /^\[object Async/;

/** A user's aggregate as plain data, which a bee can load. */
export type AggregateFunctionsSpec =
  /** Function by function. */
  | {
    readonly kind: "functions";
    readonly functions: Readonly<Partial<Record<Part, UserFunctionSpec>>>;
    readonly context: unknown;
  }
  /** An export that has them all, or is the only one. */
  | { readonly kind: "module"; readonly module: UserFunctionSpec; readonly context: unknown };

type AnyFunction = (...given: unknown[]) => unknown;

function isReference(given: object): given is ModuleReference {
  return typeof given !== "function" && "module" in given;
}

/** What a function is called where it is the only one. */
function partName(op: OrderedOp, part: Part): string {
  return ONLY_PART[op] ? "what it is given" : part;
}

function checkFunction(op: OrderedOp, part: Part, given: unknown): void {
  if (typeof given !== "function") {
    const hint = part === "init" ? "; init makes a new state each time: init: () => 0" : "";
    throw new TypeError(
      `Cannot make ${op}(): ${partName(op, part)} must be a function, received ` +
        `${received(given)}${hint}`,
    );
  }
  if (!ASYNC.test(Object.prototype.toString.call(given))) return;
  throw new TypeError(
    `Cannot make ${op}(): ${
      partName(op, part)
    } must not be async, since windows do not wait; look ` +
      `things up before, in a HiveStream, whose functions may be`,
  );
}

/** The functions that were given, by what they are for. */
function partsOf(op: OrderedOp, given: unknown): Partial<Record<Part, AnyFunction>> {
  const only = ONLY_PART[op];
  const named = only ? { [only]: given } : Object(given) as Record<string, unknown>;
  const wanted = only ? [only] : PARTS.filter((part) => part !== "retract" || part in named);
  for (const part of wanted) checkFunction(op, part, named[part]);
  return Object.fromEntries(wanted.map((part) => [part, named[part]]));
}

/**
 * Describes the functions of a user's aggregate so that a bee can load them.
 *
 * @throws {TypeError} when one is missing, or cannot cross to the bees.
 */
export function describeAggregate(
  op: OrderedOp,
  given: object,
  context: unknown,
): AggregateFunctionsSpec {
  if (Object(given) === given && isReference(given)) {
    const module = describeFunction(given, { context });
    return { kind: "module", module, context: contextOf(module) };
  }
  const asked = {
    context,
    usage: "(…, { context })",
    ...(ONLY_PART[op] === undefined && { form: WHOLE_FORM }),
  };
  const parts = Object.entries(partsOf(op, given)).map(([part, fn]) => {
    return [part, describeFunction(fn, asked)] as const;
  });
  return {
    kind: "functions",
    functions: Object.fromEntries(parts),
    context: contextOf(parts[0][1]),
  };
}

/** The copy, so that all bees are given the same. */
function contextOf(spec: UserFunctionSpec): unknown {
  return "context" in spec ? spec.context : undefined;
}

/**
 * Checks that each state is a new one.
 *
 * @throws {TypeError} when it is the same object each time, or none can be made.
 */
export function checkInit(op: string, spec: AggregateFunctionsSpec, functions: object): void {
  const { init } = functions as { init?: AnyFunction };
  if (typeof init !== "function") return;
  const info = { context: spec.context };
  let states: readonly unknown[];
  try {
    states = [init.call(functions, info), init.call(functions, info)];
  } catch (cause) {
    throw new TypeError(`Cannot make ${op}(): init() fails: ${messageOf(cause)}`, { cause });
  }
  const [one, other] = states;
  if (Object(one) === one && one === other) {
    throw new TypeError(
      `Cannot make ${op}(): init() must give a new object each time, received the same one twice, ` +
        `which all windows and keys would change; write init: () => ({ … })`,
    );
  }
  checkState(op, one);
}

function checkState(op: string, state: unknown): void {
  try {
    structuredClone(state);
  } catch (cause) {
    throw new TypeError(
      `Cannot make ${op}(): init() must give what structuredClone() copies, without functions and ` +
        `the like: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Loading, in the bee

/** A function of a user's, and what to say when it fails. */
interface Called {
  /** Of the result column. */
  readonly name: string;
  readonly op: OrderedOp;
  readonly part: Part;
  readonly fn: AnyFunction;
  readonly spec: UserFunctionSpec;
  readonly info: { readonly context: unknown };
}

function failed({ name, op, part, spec }: Called, thrown: unknown): StreamingError {
  const cause = explainReferenceError(thrown, spec);
  const which = ONLY_PART[op] ? `the function of ${op}()` : `${part}() of ${op}()`;
  return new StreamingError(
    `Cannot compute ${JSON.stringify(name)}: ${which} failed: ${messageOf(cause)}`,
    { cause },
  );
}

function settled(value: unknown): unknown {
  if (value instanceof Promise) {
    throw new TypeError("it gave a promise, and windows do not wait");
  }
  return value;
}

/** Calls with one argument and the information behind it. */
function unary(called: Called): (state: unknown) => unknown {
  const { fn, info } = called;
  return (state) => {
    try {
      return settled(fn(state, info));
    } catch (error) {
      throw failed(called, error);
    }
  };
}

/** Calls with two arguments and the information behind them. */
function binary(called: Called): (state: unknown, value: unknown) => unknown {
  const { fn, info } = called;
  return (state, value) => {
    try {
      return settled(fn(state, value, info));
    } catch (error) {
      throw failed(called, error);
    }
  };
}

function nullary(called: Called): () => unknown {
  const { fn, info } = called;
  return () => {
    try {
      return settled(fn(info));
    } catch (error) {
      throw failed(called, error);
    }
  };
}

/** A result that shares nothing with its state, which goes on after an early one. */
function unshared(called: Called): (state: unknown) => unknown {
  if (called.op !== "aggregateOf") return unary(called);
  const { fn } = called;
  const copying = (...given: unknown[]) => {
    const result = fn(...given);
    return typeof result === "object" && !(result instanceof Promise)
      ? structuredClone(result)
      : result;
  };
  return unary({ ...called, fn: copying });
}

const CALLS: Readonly<Record<Part, (called: Called) => unknown>> = {
  init: nullary,
  add: binary,
  merge: binary,
  result: unshared,
  retract: binary,
};

type Loaded = Partial<Record<Part, { readonly fn: AnyFunction; readonly spec: UserFunctionSpec }>>;

async function loadParts(op: OrderedOp, given: AggregateFunctionsSpec): Promise<Loaded> {
  if (given.kind === "functions") {
    const parts = await Promise.all(
      Object.entries(given.functions).map(async ([part, spec]) => {
        return [part, { fn: await loadFunction(spec), spec }] as const;
      }),
    );
    return Object.fromEntries(parts);
  }
  const { module: spec } = given;
  const exported = await loadExport(spec);
  checkInit(op, given, Object(exported));
  return Object.fromEntries(
    Object.entries(partsOf(op, exported)).map(([part, fn]) => {
      return [part, { fn: fn.bind(exported), spec }];
    }),
  );
}

async function loadOne(
  name: string,
  op: OrderedOp,
  given: AggregateFunctionsSpec,
): Promise<UserFunctions> {
  const info = { context: given.context };
  const parts = Object.entries(await loadParts(op, given)) as [
    Part,
    { fn: AnyFunction; spec: UserFunctionSpec },
  ][];
  return Object.fromEntries(
    parts.map(([part, { fn, spec }]) => [part, CALLS[part]({ name, op, part, fn, spec, info })]),
  );
}

/**
 * Loads the functions of users' aggregates, where they will run.
 *
 * @throws {TypeError} when one cannot be loaded.
 */
export async function loadAggregates(aggregates: Aggregates): Promise<LoadedFunctions> {
  const loaded = new Map<string, UserFunctions>();
  for (const [name, { op, options }] of Object.entries(aggregates)) {
    const given = options?.functions as AggregateFunctionsSpec | undefined;
    if (given) loaded.set(name, await loadOne(name, op as OrderedOp, given));
  }
  return loaded;
}
