import { DenoFiles } from "./deno_files.ts";
import type {
  Cancel,
  Runtime,
  SpawnOptions,
  WaitOutcome,
  WorkerEvents,
  WorkerHandle,
} from "./runtime.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Threads that were started ahead, by their modules. */
const ahead = new Map<string, Worker[]>();

function leaveOut({ href }: URL, worker: Worker): void {
  ahead.set(href, (ahead.get(href) ?? []).filter((each) => each !== worker));
}

class DenoRuntime extends DenoFiles implements Runtime {
  get cores(): number {
    return navigator.hardwareConcurrency;
  }

  monotonicMs(): number {
    return performance.now();
  }

  wallClockMs(): number {
    return Date.now();
  }

  random(): number {
    return Math.random();
  }

  after(delayMs: number, callback: () => void, options: { background?: boolean } = {}): Cancel {
    let id: ReturnType<typeof setTimeout>;
    const wait = (leftMs: number): void => {
      // A longer delay would fire at once: it does not fit into the 32 bits that timers have.
      const restMs = leftMs - LONGEST_TIMER_MS;
      if (restMs > 0) id = setTimeout(() => wait(restMs), LONGEST_TIMER_MS);
      else id = setTimeout(callback, Math.max(0, leftMs));
      if (options.background) Deno.unrefTimer(id);
    };
    wait(delayMs);
    return () => clearTimeout(id);
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }

  wait(cells: Int32Array, index: number, value: number, timeoutMs: number): WaitOutcome {
    return Atomics.wait(cells as Int32Array<SharedArrayBuffer>, index, value, timeoutMs);
  }

  waitAsync(
    cells: Int32Array,
    index: number,
    value: number,
    timeoutMs: number,
  ): WaitOutcome | Promise<WaitOutcome> {
    return Atomics.waitAsync(cells as Int32Array<SharedArrayBuffer>, index, value, timeoutMs).value;
  }

  notify(cells: Int32Array, index: number): number {
    return Atomics.notify(cells as Int32Array<SharedArrayBuffer>, index);
  }

  sharedMemory(bytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(bytes);
  }

  startAhead(module: URL, threads: number, message: unknown): Disposable {
    const workers = Array.from({ length: threads }, (_, at) => {
      const worker = new Worker(module, { type: "module", name: `ahead ${at}` });
      // Whoever spawns another one instead hears what is wrong.
      worker.onerror = (event) => {
        event.preventDefault();
        leaveOut(module, worker);
      };
      worker.postMessage(message);
      return worker;
    });
    ahead.set(module.href, [...ahead.get(module.href) ?? [], ...workers]);
    const end = (worker: Worker) => {
      if (!ahead.get(module.href)!.includes(worker)) return;
      leaveOut(module, worker);
      worker.terminate();
    };
    return { [Symbol.dispose]: () => workers.forEach(end) };
  }

  spawn(options: SpawnOptions, events: WorkerEvents): WorkerHandle {
    const { module, name } = options;
    const worker = ahead.get(module.href)?.shift() ?? new Worker(module, { type: "module", name });
    worker.onmessage = (event) => events.message(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      events.error(new Error(event.message, { cause: event.error ?? undefined }));
    };
    worker.onmessageerror = () => events.error(new Error("a message could not be read"));
    worker.postMessage(options.init);
    return {
      post: (data) => worker.postMessage(data),
      terminate: () => worker.terminate(),
    };
  }

  print(text: string): void {
    const bytes = new TextEncoder().encode(`${text}\n`);
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

/** The runtime of a Deno process: real clocks, threads and files. */
export const denoRuntime: Runtime = new DenoRuntime();
