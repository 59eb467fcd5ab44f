import type { Runtime } from "../runtime/runtime.ts";

const TELL_MS = 50;

/** Calls back every now and then until it is disposed of. */
export function ticking(runtime: Runtime, callback: () => void): Disposable {
  let cancel = () => {};
  const tick = () => {
    callback();
    cancel = runtime.after(TELL_MS, tick, { background: true });
  };
  tick();
  return { [Symbol.dispose]: () => cancel() };
}
