import type { Files } from "./files.ts";

export type * from "./files.ts";

/** How a wait on a shared cell ended. */
export type WaitOutcome = "ok" | "not-equal" | "timed-out";

/** Waits on, and wakes, cells of shared memory: what rings and doorbells sleep with. */
export interface Waiter {
  /** Blocks the thread until the cell is notified; at most `timeoutMs`. Never on the main thread. */
  wait(cells: Int32Array, index: number, value: number, timeoutMs: number): WaitOutcome;
  /** The same without blocking the thread. */
  waitAsync(
    cells: Int32Array,
    index: number,
    value: number,
    timeoutMs: number,
  ): WaitOutcome | Promise<WaitOutcome>;
  /** Wakes all that wait on the cell; returns how many. */
  notify(cells: Int32Array, index: number): number;
}

/** Cancels a timer; harmless when it has fired. */
export type Cancel = () => void;

/** What a spawned worker tells its spawner. */
export interface WorkerEvents {
  /** A posted message. */
  message(data: unknown): void;
  /** The worker failed outside of any step, or could not be loaded. */
  error(error: Error): void;
}

/** A worker as its spawner sees it. */
export interface WorkerHandle {
  /** Posts a message; the worker hears it when it is not parked. */
  post(data: unknown): void;
  /** Asks the thread to end. A looping thread does not hear it and lives until the process ends. */
  terminate(): void;
}

/** What runs in a worker: an engine that is driven step by step. */
export interface Steppable {
  /** Does one piece of work, never blocking. */
  step(): StepOutcome;
  /** Takes a posted message. */
  receive?(data: unknown): void;
  /** How many promises it waits for. */
  readonly pending?: number;
  /** Resolves when one of them has settled. */
  settled?(): Promise<void>;
}

/** What one step came to. */
export type StepOutcome = "worked" | "idle" | "stopped";

/** What to run in a worker. */
export interface SpawnOptions {
  /** The module that the worker's thread loads; it receives `init` as its first message. */
  readonly module: URL;
  /** Plain data for the worker; shared memory may be in it. */
  readonly init: unknown;
  /** The thread's name, for debuggers. */
  readonly name: string;
  /** Loads what `inProcess` takes, before it is called; others need not have its modules. */
  readonly load?: () => Promise<unknown>;
  /** The same engine for runtimes that run everything in one thread. */
  readonly inProcess: (
    init: unknown,
    runtime: Runtime,
    post: (data: unknown) => void,
  ) => Steppable | Promise<Steppable>;
}

/** Everything that the engine needs of the outside world. */
export interface Runtime extends Waiter, Files {
  /** Processors that may be used. */
  readonly cores: number;
  /** Milliseconds on a clock that never goes back, from an arbitrary start. */
  monotonicMs(): number;
  /** Milliseconds since 1970 UTC. */
  wallClockMs(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Calls back once after a delay. A `background` timer does not keep the process alive. */
  after(delayMs: number, callback: () => void, options?: { background?: boolean }): Cancel;
  /** Calls back at the end of this turn of the event loop. */
  soon(callback: () => void): void;
  /** Shared memory for rings and tables, zeroed. */
  sharedMemory(bytes: number): SharedArrayBuffer;
  /**
   * Starts threads with a module, and posts a message to each, before it is known what they are to
   * do: {@linkcode Runtime.spawn} takes them then. Those that it has not taken end with what is
   * returned. A runtime may do without.
   */
  startAhead?(module: URL, threads: number, message: unknown): Disposable;
  /** Starts a worker. */
  spawn(options: SpawnOptions, events: WorkerEvents): WorkerHandle;
  /** Writes a line of text to the standard output. */
  print(text: string): void;
}
