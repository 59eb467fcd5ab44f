import { ALLOWED_GLOBALS, RUNTIME_GLOBALS, SCOPE_PROPERTIES } from "./allowed_globals.ts";
import { type FunctionSource, readFunction } from "./free_identifiers.ts";

const NATIVE = /\{\s*\[native code\]\s*\}$/;
const VARIABLE = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const KEYWORDS = new Set(["this", "super", "arguments", "new.target", "import.meta"]);
const UNDEFINED_NAME = /^(\S+) is not defined$/;

/** A reference to an exported function: the production form of a user function. */
export interface ModuleReference {
  /** Where the module is, absolute: `new URL("./process.ts", import.meta.url)`. */
  module: URL | string;
  /** The name of the export. Default `"default"`. */
  export?: string;
}

/** A function that a bee can load: plain data that can be posted to a worker. */
export type UserFunctionSpec =
  /** An export of a module. */
  | { kind: "module"; url: string; export: string; context?: unknown }
  /** The source of a self-contained function, as a `data:` module with one default export. */
  | { kind: "source"; url: string; name: string; context?: unknown }
  /** The JSON form of a column expression. */
  | { kind: "expression"; expression: unknown };

/** What a bee calls: one value, and what belongs to it. */
export type UserFunction = (value: unknown, info: unknown) => unknown;

/** Options of {@linkcode describeFunction}. */
export interface DescribeOptions {
  /**
   * Plain data that the function reads as `context` of its last argument; it is copied here and
   * now, as `structuredClone` does.
   */
  context?: unknown;
  /** How the function takes its context, for messages. Default `(value, { context })`. */
  usage?: string;
  /** What a function without a name is called. Default `"process"`. */
  name?: string;
  /** How a module is passed in its place, for messages. Default: one of its name. */
  form?: string;
}

// Errors

function moduleForm(name: string): string {
  return `{ module: new URL("./${name}.ts", import.meta.url), export: "${name}" }`;
}

function refuse(name: string, reason: string, cause?: Error): TypeError {
  return new TypeError(
    `Cannot send function "${name}" to the bees: ${reason}. Pass ${moduleForm(name)}, or a plain ` +
      `function that uses nothing from outside itself`,
    cause && { cause },
  );
}

/** What a used name is, for someone who asks why it does not work. */
function explain(used: string): string {
  if (used.startsWith("#")) return `the private member "${used}" of a class`;
  if (used.startsWith("import(")) return `${used}, which is relative to a file it no longer is in`;
  if (KEYWORDS.has(used)) {
    return `"${used}", which stays behind on the thread where it was written`;
  }
  if (used === "eval") return `"eval", whose code cannot be checked`;
  if (SCOPE_PROPERTIES.has(used)) {
    return `"${used}", which in a bee would be the worker's own and not your variable`;
  }
  if (RUNTIME_GLOBALS.has(used)) {
    return `"${used}", which is neither an ECMAScript nor a Web global`;
  }
  return `the variable "${used}" from outside itself`;
}

function isVariable(used: string): boolean {
  return VARIABLE.test(used) && !KEYWORDS.has(used);
}

function outsideError(
  name: string,
  used: readonly string[],
  { cause, usage = "(value, { context })", form = moduleForm(name) }: {
    cause?: unknown;
    usage?: string | undefined;
    form?: string | undefined;
  } = {},
): TypeError {
  const example = used.find(isVariable) ?? "limit";
  return new TypeError(
    `Cannot send function "${name}" to the bees: it uses ${used.map(explain).join(", and ")}. ` +
      `Functions cross threads without their surroundings: pass ${form}; ` +
      `or hand plain data over as the option context: { ${example} } and take it from the ` +
      `last argument: ${usage} => … context.${example} …`,
    cause === undefined ? undefined : { cause },
  );
}

// Describing, on the side of the user

function readSource(source: string, name: string): FunctionSource {
  if (NATIVE.test(source)) {
    throw refuse(name, "it is native, bound or a proxy, so its source cannot be read");
  }
  try {
    return readFunction(source);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw refuse(name, `its source cannot be read: ${error.message}`, error);
  }
}

function checkForm(read: FunctionSource, name: string): void {
  if (read.form === "class") throw refuse(name, "it is a class, and classes cannot be called");
  if (read.form === "accessor") throw refuse(name, "it is a getter or setter of an object");
  if (read.isGenerator) {
    throw refuse(
      name,
      "it is a generator, and a bee wants one result for a value, not an iterator",
    );
  }
}

/** The module text whose default export is the function; methods get a neutral name. */
function moduleText(source: string, read: FunctionSource): string {
  if (read.form !== "method") return `export default (${source}\n);`;
  const method = `${read.isAsync ? "async " : ""}method${source.slice(read.parametersAt)}`;
  return `export default ({ ${method}\n}).method;`;
}

function describeSource(
  fn: object,
  context: unknown,
  { usage, form, name: unnamed = "process" }: DescribeOptions,
): UserFunctionSpec {
  const named: unknown = Reflect.get(fn, "name");
  const name = typeof named === "string" && VARIABLE.test(named) ? named : unnamed;
  const source = Function.prototype.toString.call(fn);
  const read = readSource(source, name);
  checkForm(read, name);
  const outside = read.free.filter((used) => !ALLOWED_GLOBALS.has(used));
  if (outside.length > 0) throw outsideError(name, outside, { usage, form });
  if (!source.isWellFormed()) throw refuse(name, "its source has half of a surrogate pair");
  const url = `data:text/javascript;charset=utf-8,${encodeURIComponent(moduleText(source, read))}`;
  return { kind: "source", url, name, ...(context !== undefined && { context }) };
}

function describeModule(reference: ModuleReference, context: unknown): UserFunctionSpec {
  const { module, export: name = "default" } = reference;
  if (!(module instanceof URL) && !(typeof module === "string" && URL.canParse(module))) {
    throw new TypeError(
      `Cannot send a module to the bees: module must be an absolute URL, received ` +
        `${JSON.stringify(module)}; write new URL("./process.ts", import.meta.url)`,
    );
  }
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      `Cannot send a module to the bees: export must be the name of an exported function, ` +
        `received ${JSON.stringify(name)}`,
    );
  }
  const url = new URL(module).href;
  return { kind: "module", url, export: name, ...(context !== undefined && { context }) };
}

function copyContext(context: unknown): unknown {
  try {
    return structuredClone(context);
  } catch (cause) {
    throw new TypeError(
      `Cannot send context to the bees: it must be plain data that can be cloned (no functions, ` +
        `no instances with methods): ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}

/**
 * Describes a user's function so that a bee can load it.
 *
 * A function travels by its source, so it may use its parameters, what it declares itself, and
 * ECMAScript and Web globals; `typeof x` counts as a use of `x`. What it reads from outside is
 * passed as `context`. A module reference has no such limits. A `class Event` or an imported
 * `setTimeout` of one's own cannot be told from the global of that name: the bee uses the global.
 *
 * @throws {TypeError} when it is neither, when it is a native or bound function, a class, a
 * generator or an accessor, when it uses anything else from outside itself (the message names it),
 * or when `context` cannot be cloned.
 */
export function describeFunction(
  fn: ((value: never, info: never) => unknown) | ModuleReference,
  options: DescribeOptions = {},
): UserFunctionSpec {
  const context = copyContext(options.context);
  if (typeof fn === "function") return describeSource(fn, context, options);
  if (typeof fn === "object" && fn !== null && "module" in fn) return describeModule(fn, context);
  throw new TypeError(
    `Cannot send to the bees: expected a function, ${moduleForm("process")} or an expression, ` +
      `received ${fn === null ? "null" : typeof fn}`,
  );
}

// Loading, in the bee

/** How a spec is called in messages. */
function title(spec: UserFunctionSpec): string {
  if (spec.kind === "module") return `"${spec.export}" of ${spec.url}`;
  return spec.kind === "source" ? `function "${spec.name}"` : "expression";
}

async function importModule(spec: UserFunctionSpec & { url: string }): Promise<object> {
  try {
    return await import(spec.url);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `Cannot load ${title(spec)} in a bee: its module cannot be imported: ${reason}` +
        (spec.kind === "source" ? "; modules are always in strict mode" : ""),
      { cause },
    );
  }
}

function pickExport(exports: object, spec: UserFunctionSpec): unknown {
  const name = spec.kind === "module" ? spec.export : "default";
  if (!Object.hasOwn(exports, name)) {
    throw new TypeError(
      `Cannot load ${title(spec)} in a bee: the module has no such export, only ` +
        `${Object.keys(exports).join(", ") || "none at all"}`,
    );
  }
  return Reflect.get(exports, name);
}

/**
 * Loads what a module has under the name of a spec, whatever that is.
 *
 * @throws {TypeError} when the module cannot be imported, or its export is not there.
 */
export async function loadExport(spec: UserFunctionSpec): Promise<unknown> {
  if (spec.kind === "expression") {
    throw new TypeError("Cannot load an expression as a function: it runs on whole columns");
  }
  return pickExport(await importModule(spec), spec);
}

/**
 * Loads what {@linkcode describeFunction} described, in a bee.
 *
 * Calling the function is the bee's: `fn(value, { key, context: spec.context, … })`.
 *
 * @throws {TypeError} when the module cannot be imported, or its export is not there, or is not a
 * function that can be called for one result.
 */
export async function loadFunction(spec: UserFunctionSpec): Promise<UserFunction> {
  const fn = await loadExport(spec);
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot load ${title(spec)} in a bee: it must be a function, received ${typeof fn}`,
    );
  }
  const isClass = /^class\b(?!\s*\()/.test(Function.prototype.toString.call(fn));
  if (isClass || /GeneratorFunction\]$/.test(Object.prototype.toString.call(fn))) {
    throw new TypeError(
      `Cannot load ${title(spec)} in a bee: it must be a function that gives one result for a ` +
        `value, received a ${isClass ? "class" : "generator"}`,
    );
  }
  return fn as UserFunction;
}

/**
 * The error to fail a stream with when a shipped function threw `error`.
 *
 * A `ReferenceError` for a missing name gets the message that the check at the start would have
 * given, with the original as its cause; every other error is returned as it is.
 */
export function explainReferenceError<E>(error: E, spec: UserFunctionSpec): E | TypeError {
  if (spec.kind !== "source" || !(error instanceof ReferenceError)) return error;
  const missing = UNDEFINED_NAME.exec(error.message)?.[1];
  return missing === undefined ? error : outsideError(spec.name, [missing], { cause: error });
}
