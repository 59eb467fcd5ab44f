import type { Runtime } from "./runtime.ts";

/** Lets timers, sockets and aborts have their turn of the event loop. */
export function nextTurn(runtime: Pick<Runtime, "soon">): Promise<void> {
  return new Promise((resolve) => runtime.soon(resolve));
}
