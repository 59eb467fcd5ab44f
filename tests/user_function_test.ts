import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ALLOWED_GLOBALS, RUNTIME_GLOBALS, SCOPE_PROPERTIES } from "../src/hive/allowed_globals.ts";
import {
  describeFunction,
  explainReferenceError,
  type UserFunctionSpec,
} from "../src/hive/user_function.ts";

/** The message with which a function is refused. */
function refusal(fn: unknown, options?: { context?: unknown }): string {
  const wrong = fn as Parameters<typeof describeFunction>[0];
  return assertThrows(() => describeFunction(wrong, options), TypeError).message;
}

/** What a spec's `data:` module reads. */
function moduleText(spec: UserFunctionSpec): string {
  assert(spec.kind === "source");
  return decodeURIComponent(spec.url.slice(spec.url.indexOf(",") + 1));
}

function decodeLine(line: string): Record<string, { result?: unknown; error?: string }> {
  return JSON.parse(line);
}

Deno.test("loadFunction() in a real worker runs every form with code generation off", async () => {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--no-config",
      "--allow-read=src,tests",
      "--v8-flags=--disallow-code-generation-from-strings",
      "tests/support/user_function_main.ts",
    ],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const answers = decodeLine(new TextDecoder().decode(stdout));
  const results = Object.entries(answers).filter(([, { error }]) => error === undefined);
  assertEquals(Object.fromEntries(results.map(([name, { result }]) => [name, result])), {
    arrow: 5,
    declaration: 128,
    asynchronous: "4 ü \"'\\\n",
    computed: 40,
    get: 400,
    privateStatic: 5,
    context: 12,
    exported: 12,
    defaultExport: 16,
  });
  assertStringIncludes(answers.noExport.error!, "only Klass, default, generate, text, triple");
  assertStringIncludes(answers.noFunction.error!, "must be a function, received string");
  assertStringIncludes(answers.aClass.error!, "received a class");
  assertStringIncludes(answers.aGenerator.error!, "received a generator");
  assertStringIncludes(answers.noModule.error!, "missing.ts in a bee: its module cannot be");
  assertStringIncludes(answers.throwing.error!, 'the variable "factor" from outside itself');
});

Deno.test("describeFunction() names a variable from outside, the module form and context", () => {
  const factor = 2;
  function scale(value: number): number {
    return value * factor;
  }
  const message = refusal(scale);
  assertStringIncludes(message, 'Cannot send function "scale" to the bees');
  assertStringIncludes(message, 'the variable "factor" from outside itself');
  assertStringIncludes(
    message,
    '{ module: new URL("./scale.ts", import.meta.url), export: "scale" }',
  );
  assertStringIncludes(message, "context: { factor }");
});

Deno.test("describeFunction() refuses what a worker would read in silence from its own scope", () => {
  const name = "main";
  assertStringIncludes(refusal(() => name), '"name", which in a bee would be the worker\'s own');
  for (const used of ["close", "self", "location", "origin", "postMessage", "onmessage"]) {
    const fn = new Function("value", `return [value, typeof ${used}]`);
    assertStringIncludes(refusal(fn), `"${used}", which in a bee would be the worker's own`);
  }
});

Deno.test("describeFunction() refuses this, super, private members and relative imports", () => {
  class Base {
    scale(value: number): number {
      return value;
    }
  }
  class Sensor extends Base {
    #factor = 2;
    viaThis(value: number): unknown {
      return [this, value];
    }
    viaSuper(value: number): number {
      return super.scale(value);
    }
    viaPrivate(value: Sensor): number {
      return value.#factor;
    }
    arrow = (value: number): number => value * this.#factor;
  }
  const sensor = new Sensor();
  assertStringIncludes(refusal(sensor.viaThis), 'it uses "this", which stays behind');
  assertStringIncludes(refusal(sensor.viaSuper), 'it uses "super", which stays behind');
  assertStringIncludes(refusal(sensor.viaPrivate), 'the private member "#factor" of a class');
  assertStringIncludes(refusal(sensor.arrow), 'it uses "this", which stays behind');
  assertStringIncludes(refusal(() => import("./support/user_function_exports.ts")), "import(");
  assertStringIncludes(refusal(() => import.meta.url), '"import.meta", which stays behind');
});

Deno.test("describeFunction() refuses native and bound functions and proxies of functions", () => {
  for (const fn of [Math.max, ((value: number) => value).bind(null), new Proxy(() => 1, {})]) {
    assertStringIncludes(refusal(fn), "it is native, bound or a proxy");
  }
});

Deno.test("describeFunction() refuses classes, accessors and generators", () => {
  assertStringIncludes(refusal(class {}), "it is a class");
  const object = {
    get size(): number {
      return 1;
    },
    set size(size: number) {
      throw new RangeError(`cannot set ${size}`);
    },
    *items(): Generator<number> {
      yield 1;
    },
  };
  const { get, set } = Object.getOwnPropertyDescriptor(object, "size")!;
  assertStringIncludes(refusal(get), "it is a getter or setter");
  assertStringIncludes(refusal(set), "it is a getter or setter");
  assertStringIncludes(refusal(object.items), "it is a generator");
  assertStringIncludes(
    refusal(function* () {
      yield 1;
    }),
    "it is a generator",
  );
  assertStringIncludes(
    refusal(async function* () {
      yield await Promise.resolve(1);
    }),
    "it is a generator",
  );
});

Deno.test("describeFunction() refuses a with statement and eval, which hide what they use", () => {
  assertStringIncludes(refusal(new Function("o", "with (o) { return x }")), "`with`");
  assertStringIncludes(refusal(new Function("s", "return eval(s)")), '"eval", whose code');
});

Deno.test("describeFunction() refuses what is neither a function nor a module reference", () => {
  for (const wrong of [undefined, null, 7, "process", {}]) {
    assertStringIncludes(refusal(wrong), "expected a function, { module: new URL(");
  }
  assertStringIncludes(refusal({ module: "./process.ts" }), "must be an absolute URL");
  assertStringIncludes(refusal({ module: "file:///a.ts", export: "" }), "must be the name");
});

Deno.test("describeFunction() refuses Deno's and Node's globals, which a module may use", () => {
  for (const used of RUNTIME_GLOBALS) {
    assertStringIncludes(
      refusal(new Function("value", `return ${used}(value)`)),
      `"${used}", which is neither an ECMAScript nor a Web global`,
    );
  }
});

Deno.test("describeFunction() copies the context at once and refuses one that cannot cross", () => {
  const context = { limits: [1, 2] };
  const spec = describeFunction((value: number) => value, { context });
  context.limits.push(3);
  assertEquals(spec.kind === "source" && spec.context, { limits: [1, 2] });
  const message = refusal((value: number) => value, { context: { round: Math.round } });
  assertStringIncludes(message, "Cannot send context to the bees");
});

Deno.test("describeFunction() gives plain data that can be cloned, a method under a neutral name", () => {
  const object = {
    async "two words"(value: number): Promise<number> {
      return await Promise.resolve(value);
    },
  };
  const spec = describeFunction(object["two words"]);
  assertEquals(structuredClone(spec), spec);
  assert(moduleText(spec).startsWith("export default ({ async method(value)"));
  const module = describeFunction({ module: new URL("file:///a/b.ts") });
  assertEquals(module, { kind: "module", url: "file:///a/b.ts", export: "default" });
});

Deno.test("explainReferenceError() leaves every other error and a module's own as they are", () => {
  const source = describeFunction((value: number) => value);
  const module = describeFunction({ module: "file:///a.ts", export: "f" });
  const missing = new ReferenceError("x is not defined");
  const early = new ReferenceError("Cannot access 'x' before initialization");
  assertEquals(explainReferenceError(missing, module), missing);
  assertEquals(explainReferenceError(early, source), early);
  assertEquals(explainReferenceError("text", source), "text");
  const explained = explainReferenceError(missing, source);
  assertStringIncludes(explained.message, 'the variable "x" from outside itself');
  assertEquals(explained.cause, missing);
});

Deno.test("every allowed global exists in a worker, and every other one there is left out knowingly", async () => {
  const source = `
    const names = new Set();
    for (let o = globalThis; o && o !== Object.prototype; o = Object.getPrototypeOf(o)) {
      for (const name of Object.getOwnPropertyNames(o)) names.add(name);
    }
    postMessage([...names]);
  `;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, {
    type: "module",
  });
  const names = new Set(
    await new Promise<string[]>((resolve) => worker.onmessage = ({ data }) => resolve(data)),
  );
  worker.terminate();
  assertEquals([...ALLOWED_GLOBALS].filter((name) => !names.has(name)), []);
  const neither = [...names].filter((name) =>
    !ALLOWED_GLOBALS.has(name) && !SCOPE_PROPERTIES.has(name) && !RUNTIME_GLOBALS.has(name)
  );
  assertEquals(neither.sort(), [
    "DedicatedWorkerGlobalScope",
    "NavigatorUAData",
    "WorkerGlobalScope",
    "WorkerLocation",
    "WorkerNavigator",
    "eval",
    "getParent",
  ]);
});
