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

/** What {@linkcode behaves} does with a record. */
export interface Behaviour {
  readonly n: number;
  /** How long its promise is pending; −1: it answers at once, −2: never. */
  readonly ms: number;
  readonly fails: boolean;
}

const running = new Map<string, number>();
let inFlight = 0;

/** Answers as the record says, with how many calls ran when it was called: in all, and of its key. */
export function behaves(
  { n, ms, fails }: Behaviour,
  { key, signal }: { key: string; signal: AbortSignal },
): unknown {
  if (fails && ms < 0) throw new Error(`failed ${n}`);
  if (ms === -1) return { n, inFlight, ofKey: running.get(key) ?? 0 };
  const seen = { n, inFlight: ++inFlight, ofKey: (running.get(key) ?? 0) + 1 };
  running.set(key, seen.ofKey);
  const done = () => {
    inFlight--;
    running.set(key, running.get(key)! - 1);
  };
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", done, { once: true });
    if (ms === -2) return;
    world!.after(ms, () => {
      if (!signal.aborted) done();
      fails ? reject(new Error(`failed ${n}`)) : resolve(seen);
    });
  });
}
