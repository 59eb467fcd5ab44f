import { DenoFiles } from "../runtime/deno_files.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import type {
  Cancel,
  Runtime,
  SpawnOptions,
  Steppable,
  WaitOutcome,
  WorkerEvents,
  WorkerHandle,
} from "../runtime/runtime.ts";
import "../hive/tasks.ts"; // so that bees are born at once, and without a permission
import type { TestClock } from "./test_clock.ts";

interface TestWorker {
  readonly events: WorkerEvents;
  steppable?: Steppable;
  isGone: boolean;
}

/** A runtime in one thread, where bees work when they are told to and time is a test's. */
export class TestRuntime extends DenoFiles implements Runtime {
  readonly cores = 1;
  /** Called after each timer that has called back, at its time. */
  passed: () => void = () => {};
  readonly #clock: TestClock;
  #workers: TestWorker[] = [];
  #births: Promise<unknown>[] = [];
  #soon: (() => void)[] = [];

  /** A world with a clock. */
  constructor(clock: TestClock) {
    super();
    this.#clock = clock;
  }

  monotonicMs(): number {
    return this.#clock.elapsedMs;
  }

  wallClockMs(): number {
    return Math.floor(this.#clock.wallClockMs);
  }

  random(): number {
    return 0.5;
  }

  after(delayMs: number, callback: () => void): Cancel {
    // Whoever looks whether the bees move is to see that they do, however far the clock goes.
    return this.#clock.after(delayMs, () => {
      callback();
      this.passed();
    });
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  wait(): WaitOutcome {
    throw new Error("Cannot block: in a test all is in one thread");
  }

  waitAsync(): WaitOutcome {
    return "timed-out";
  }

  notify(): number {
    return 0;
  }

  sharedMemory(bytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(bytes);
  }

  spawn({ init, load, inProcess }: SpawnOptions, events: WorkerEvents): WorkerHandle {
    const worker: TestWorker = { events, isGone: false };
    this.#workers.push(worker);
    const post = (data: unknown) => this.soon(() => worker.isGone || events.message(data));
    const make = () => inProcess(init, this, post);
    const born = load ? load().then(make) : make();
    if (born instanceof Promise) {
      const birth = born.then((bee) => worker.steppable = bee, (error) => events.error(error));
      this.#births.push(birth);
    } else worker.steppable = born;
    return {
      post: (data) => this.soon(() => worker.steppable?.receive?.(data)),
      terminate: () => worker.isGone = true,
    };
  }

  print(text: string): void {
    denoRuntime.print(text);
  }

  /** Resolves when all that had to be imported for the bees is there, or will never be. */
  async born(): Promise<void> {
    await Promise.all(this.#births);
  }

  /** Resolves when a promise has settled that a bee waits for; whether there was one. */
  async settled(): Promise<boolean> {
    const waiting = this.#workers.flatMap(({ steppable, isGone }) =>
      steppable && !isGone && (steppable.pending ?? 0) > 0 ? [steppable.settled!()] : []
    );
    if (waiting.length === 0) return false;
    await Promise.race(waiting);
    return true;
  }

  /** Lets every bee do one piece of work; whether there was any. */
  step(): boolean {
    const due = this.#soon;
    this.#soon = [];
    for (const callback of due) callback();
    let worked = due.length > 0;
    for (const worker of this.#workers) worked = stepped(worker) || worked;
    return worked;
  }
}

/** A step that throws ends the bee, as it would end a thread. */
function stepped(worker: TestWorker): boolean {
  if (!worker.steppable || worker.isGone) return false;
  try {
    return worker.steppable.step() === "worked";
  } catch (error) {
    worker.isGone = true;
    worker.events.error(error instanceof Error ? error : new Error(String(error)));
    return true;
  }
}
