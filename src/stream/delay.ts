import type { Runtime } from "../runtime/runtime.ts";
import { Stop } from "./stop.ts";

/** Resolves after a time; rejects with the signal's reason when that is aborted before. */
export async function delay(runtime: Runtime, ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = runtime.after(ms, resolve);
  using stop = new Stop(signal);
  try {
    await stop.or(promise);
  } finally {
    cancel();
  }
}
