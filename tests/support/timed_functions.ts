import type { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";

let world: SimulatedRuntime | undefined;

/** The world whose time the functions of this module take. */
export function takeTimeOf(runtime: SimulatedRuntime): void {
  world = runtime;
}

/** Takes as many milliseconds as the record says. */
export function takesMs(ms: number): number {
  world!.spend(ms);
  return ms;
}

/** Resolves after as many milliseconds as the record says. */
export async function resolvesAfterMs(ms: number): Promise<number> {
  await new Promise<void>((resolve) => void world!.after(ms, resolve));
  return ms;
}
