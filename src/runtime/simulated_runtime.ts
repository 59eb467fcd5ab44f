import { setImmediate } from "node:timers";
import type {
  Cancel,
  Runtime,
  SpawnOptions,
  StepOutcome,
  Steppable,
  WaitOutcome,
  WorkerEvents,
  WorkerHandle,
} from "./runtime.ts";
import { SimulatedFiles } from "./simulated_files.ts";

const DEFAULT_START_MS = Date.UTC(2024, 0, 1);
const TURN_MS = 0.01;
const MAX_TURNS = 20_000_000;
/** Turns of the event loop that a worker may take to be born: it may import modules. */
const BIRTH_TURNS = 20_000;

/** Options of {@linkcode SimulatedRuntime}. */
export interface SimulatedRuntimeOptions {
  /** Decides every choice: which bee steps next, every random number. Default 1. */
  seed?: number;
  /** Processors that the engine believes in. Default 2. */
  cores?: number;
  /** The wall clock at the start, in milliseconds since 1970. Default 2024-01-01. */
  startMs?: number;
  /** What can be read, by path. */
  files?: ReadonlyMap<string, Uint8Array>;
}

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
  isCancelled: boolean;
}

interface SimulatedWorker {
  readonly name: string;
  readonly fail: (error: Error) => void;
  steppable?: Steppable;
  /** Hung: exists, but is never given a turn. */
  hung: boolean;
  gone: boolean;
}

interface Sleeper {
  readonly cells: Int32Array;
  readonly index: number;
  readonly resolve: (outcome: WaitOutcome) => void;
}

/** A real turn of the event loop lets every pending promise run before the next choice. */
function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}

/** The mulberry32 generator: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A runtime in one thread with virtual time, in which a seed decides the order of all that happens.
 *
 * The same engine runs in it as in a process, bees included: they are stepped, one at a time, by
 * {@linkcode SimulatedRuntime.drive}.
 */
export class SimulatedRuntime extends SimulatedFiles implements Runtime {
  readonly cores: number;
  /** One line for each step that did something, to compare two runs by. */
  readonly trace: string[] = [];
  /** What was printed. */
  readonly printed: string[] = [];
  readonly #random: () => number;
  readonly #startMs: number;
  #nowMs = 0;
  #order = 0;
  #timers: Timer[] = [];
  #soon: (() => void)[] = [];
  #workers: SimulatedWorker[] = [];
  #sleepers = new Set<Sleeper>();
  /** Workers that are not born yet. */
  readonly #births = new Set<Promise<unknown>>();
  /** What is loaded for them. */
  readonly #loads = new Set<Promise<unknown>>();

  /** A world of its own. */
  constructor(options: SimulatedRuntimeOptions = {}) {
    const random = randomFrom(options.seed ?? 1);
    super(options.files, random);
    this.cores = options.cores ?? 2;
    this.#random = random;
    this.#startMs = options.startMs ?? DEFAULT_START_MS;
  }

  /** Names of the workers that live, oldest first. */
  get workers(): readonly string[] {
    return this.#workers.filter((worker) => !worker.gone).map((worker) => worker.name);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallClockMs(): number {
    return this.#startMs + Math.floor(this.#nowMs);
  }

  random(): number {
    return this.#random();
  }

  after(delayMs: number, callback: () => void): Cancel {
    const dueMs = this.#nowMs + Math.max(0, delayMs);
    const timer = { dueMs, order: this.#order++, callback, isCancelled: false };
    this.#timers.push(timer);
    return () => {
      timer.isCancelled = true;
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  wait(): WaitOutcome {
    throw new Error("Cannot block: in a simulation every engine shares one thread");
  }

  waitAsync(
    cells: Int32Array,
    index: number,
    value: number,
    timeoutMs: number,
  ): WaitOutcome | Promise<WaitOutcome> {
    if (Atomics.load(cells, index) !== value) return "not-equal";
    const { promise, resolve } = Promise.withResolvers<WaitOutcome>();
    const sleeper = { cells, index, resolve };
    this.#sleepers.add(sleeper);
    const cancel = this.after(timeoutMs, () => {
      this.#sleepers.delete(sleeper);
      resolve("timed-out");
    });
    return promise.finally(cancel);
  }

  notify(cells: Int32Array, index: number): number {
    const address = cells.byteOffset + 4 * index;
    let woken = 0;
    for (const sleeper of this.#sleepers) {
      if (sleeper.cells.buffer !== cells.buffer) continue;
      if (sleeper.cells.byteOffset + 4 * sleeper.index !== address) continue;
      this.#sleepers.delete(sleeper);
      sleeper.resolve("ok");
      woken++;
    }
    return woken;
  }

  sharedMemory(bytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(bytes);
  }

  spawn(options: SpawnOptions, events: WorkerEvents): WorkerHandle {
    const { name } = options;
    const worker: SimulatedWorker = { name, fail: events.error, hung: false, gone: false };
    this.#workers.push(worker);
    const post = (data: unknown) => this.soon(() => worker.gone || events.message(data));
    const make = () => options.inProcess(options.init, this, post);
    const { load } = options;
    const born = load ? this.#loaded(load).then(make) : Promise.try(make);
    born.then(
      (steppable) => worker.steppable = steppable,
      (error) => events.error(error),
    );
    this.#births.add(born);
    born.then(() => {}, () => {}).then(() => this.#births.delete(born));
    return {
      post: (data) => this.#deliver(born, data),
      terminate: () => worker.gone = true,
    };
  }

  /** Modules of ours end to load, however long that takes on a busy machine. */
  async #loaded(load: () => Promise<unknown>): Promise<void> {
    const loading = load();
    this.#loads.add(loading);
    await loading.finally(() => this.#loads.delete(loading));
  }

  #deliver(born: Promise<Steppable>, data: unknown): void {
    this.soon(() => {
      // A worker that was never born has told so by its error event.
      born.then((steppable) => steppable.receive?.(data), () => {});
    });
  }

  print(text: string): void {
    this.printed.push(text);
  }

  /** Time passes within a turn, as when a function takes long. */
  spend(ms: number): void {
    this.#nowMs += ms;
  }

  /** From now on the worker gets no turn, as one that loops for ever. */
  hang(name: string): void {
    for (const worker of this.#workers) if (worker.name === name) worker.hung = true;
  }

  /** The worker ends with an error outside of its function, as one whose thread failed. */
  crash(name: string, error: Error = new Error("crashed by the simulation")): void {
    const worker = this.#workers.find((each) => each.name === name && !each.gone);
    if (!worker) return;
    worker.hung = true;
    worker.fail(error);
  }

  /** Runs the world until `work` has ended; its outcome is returned. */
  async drive<T>(work: () => Promise<T>): Promise<T> {
    let ended = false;
    const end = () => void (ended = true);
    const outcome = work();
    outcome.then(end, end);
    for (let turn = 0; !ended; turn++) {
      if (turn > MAX_TURNS) throw new Error(`The simulation did not end in ${MAX_TURNS} turns`);
      await this.#turn();
    }
    return await outcome;
  }

  async #turn(): Promise<void> {
    await turnOfEventLoop();
    await this.#awaitBirths();
    this.#nowMs += TURN_MS;
    const due = this.#soon;
    this.#soon = [];
    for (const callback of due) callback();
    const stepped = this.#stepOne();
    if (due.length === 0 && !stepped) this.#advance();
    this.#fireTimers();
  }

  /** What is imported takes time, of which none may pass here; what never ends is let be. */
  async #awaitBirths(): Promise<void> {
    await Promise.allSettled(this.#loads);
    for (let turn = 0; turn < BIRTH_TURNS; turn++) {
      if (this.#births.size === 0) return;
      await turnOfEventLoop();
    }
    this.#births.clear();
  }

  #stepOne(): boolean {
    const ready = this.#workers.filter((each) => each.steppable && !each.hung && !each.gone);
    const offset = Math.floor(this.#random() * ready.length);
    for (let i = 0; i < ready.length; i++) {
      const worker = ready[(i + offset) % ready.length];
      const outcome = this.#step(worker);
      if (outcome === "idle") continue;
      if (outcome === "stopped") worker.gone = true;
      this.trace.push(`${worker.name} ${outcome}`);
      return true;
    }
    return false;
  }

  /** A step that throws ends the worker, as an uncaught error ends a thread's engine. */
  #step(worker: SimulatedWorker): StepOutcome {
    try {
      return worker.steppable!.step();
    } catch (error) {
      worker.hung = true;
      worker.fail(error instanceof Error ? error : new Error(String(error)));
      return "worked";
    }
  }

  /** Nothing can happen now: time moves on to the next timer. */
  #advance(): void {
    const next = Math.min(...this.#timers.map((timer) => timer.dueMs));
    if (Number.isFinite(next)) this.#nowMs = Math.max(this.#nowMs, next);
  }

  #fireTimers(): void {
    const due = this.#timers.filter((timer) => timer.dueMs <= this.#nowMs);
    if (due.length === 0) return;
    this.#timers = this.#timers.filter((timer) => timer.dueMs > this.#nowMs);
    due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    for (const timer of due) if (!timer.isCancelled) timer.callback();
  }
}
