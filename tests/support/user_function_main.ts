/** Sends functions of each form through a worker and prints the answers as JSON. */
import { describeFunction } from "../../src/hive/user_function.ts";
import type { Answer } from "./user_function_worker.ts";

class Sensor {
  static async #hidden(value: number): Promise<number> {
    return await Promise.resolve(value + 1);
  }

  static hidden = this.#hidden;

  ["computed name"](value: number): number {
    return value * 10;
  }

  get(value: number): number {
    return value * 100;
  }
}

const worker = new Worker(new URL("./user_function_worker.ts", import.meta.url), {
  type: "module",
});

function call(fn: Parameters<typeof describeFunction>[0], context?: unknown): Promise<Answer> {
  worker.postMessage({ spec: describeFunction(fn, { context }), value: 4 });
  return new Promise((resolve) => worker.onmessage = (event) => resolve(event.data));
}

const sensor = new Sensor();
const here = new URL("./user_function_exports.ts", import.meta.url);
const answers = {
  arrow: await call((value: number) => value + 1),
  declaration: await call(function double(n: number): number {
    return n > 100 ? n : double(n * 2);
  }),
  asynchronous: await call(async (value: number) => await Promise.resolve(`${value} ü "'\\\n`)),
  computed: await call(sensor["computed name"]),
  get: await call(sensor.get),
  privateStatic: await call(Sensor.hidden),
  context: await call(
    (value: number, { context }: { context: { factor: number } }) => value * context.factor,
    { factor: 3 },
  ),
  exported: await call({ module: here, export: "triple" }),
  defaultExport: await call({ module: here.href }),
  noExport: await call({ module: here, export: "nope" }),
  noFunction: await call({ module: here, export: "text" }),
  aClass: await call({ module: here, export: "Klass" }),
  aGenerator: await call({ module: here, export: "generate" }),
  noModule: await call({ module: new URL("./missing.ts", here) }),
  // What no check can see: a name made by a member access that fails only when called.
  throwing: await call(() => {
    throw new ReferenceError("factor is not defined");
  }),
};
console.log(JSON.stringify(answers));
worker.terminate();
