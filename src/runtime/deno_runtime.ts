import { setImmediate } from "node:timers";
import { filePath } from "./file_path.ts";
import type {
  Cancel,
  FileKind,
  NewFile,
  OpenFile,
  Runtime,
  SpawnOptions,
  WaitOutcome,
  WorkerEvents,
  WorkerHandle,
} from "./runtime.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

class DenoRuntime implements Runtime {
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

  spawn(options: SpawnOptions, events: WorkerEvents): WorkerHandle {
    const worker = new Worker(options.module, { type: "module", name: options.name });
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

  async openFile(path: string | URL): Promise<OpenFile> {
    const file = await Deno.open(path, { read: true });
    const { isFile, size } = await file.stat();
    return {
      ...(isFile && { sizeBytes: size }),
      read: (into) => file.read(into),
      seek: async (position) => void await file.seek(position, Deno.SeekMode.Start),
      close: () => file.close(),
    };
  }

  async writeFile(path: string | URL, bytes: Uint8Array): Promise<void> {
    const target = filePath(path);
    const part = `${target}.${Math.random().toString(36).slice(2)}.part`;
    try {
      await Deno.writeFile(part, bytes);
      await Deno.rename(part, target);
    } catch (error) {
      await Deno.remove(part).catch(() => {});
      throw error;
    }
  }

  async fileKind(path: string | URL): Promise<FileKind> {
    try {
      const { isFile, isDirectory } = await Deno.stat(path);
      return isFile ? "file" : isDirectory ? "folder" : "other";
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "nothing";
      throw error;
    }
  }

  async createFile(path: string, how: "new" | "append"): Promise<NewFile> {
    const file = await Deno.open(
      path,
      how === "new" ? { write: true, createNew: true } : { append: true, create: true },
    );
    const { isFile, size } = await file.stat();
    return {
      sizeBytes: isFile ? size : 0,
      write: async (bytes) => {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      },
      truncate: async (sizeBytes) => {
        await file.truncate(sizeBytes);
        if (how === "new") await file.seek(sizeBytes, Deno.SeekMode.Start);
      },
      sync: async () => {
        if (isFile) await file.syncData();
      },
      close: () => file.close(),
    };
  }

  moveFile(from: string, to: string): Promise<void> {
    return Deno.rename(from, to);
  }

  removeFile(path: string): Promise<void> {
    return Deno.remove(path);
  }

  print(text: string): void {
    const bytes = new TextEncoder().encode(`${text}\n`);
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

/** The runtime of a Deno process: real clocks, threads and files. */
export const denoRuntime: Runtime = new DenoRuntime();
