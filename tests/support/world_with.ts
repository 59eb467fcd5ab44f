import { denoRuntime } from "../../src/runtime/deno_runtime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

/** The world with some of its functions in the place of others. */
export function worldWith(others: Partial<Runtime>): Runtime {
  return new Proxy(denoRuntime, {
    get: (runtime, name) => {
      const value = Reflect.get(name in others ? others : runtime, name);
      return typeof value === "function" ? value.bind(runtime) : value;
    },
  });
}
