import { assert, assertEquals } from "@std/assert";
import {
  type ErrorPolicy,
  HiveStream,
  type HiveStreamOptions,
  isErrorRecord,
} from "@waggle/stream";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import { Random } from "../support/random.ts";

const SEEDS = 2_000;

interface Item {
  readonly n: number;
  readonly throws: boolean;
  readonly turns: number;
}

/** What became of the records, as the user sees it. */
interface Seen {
  accepted: number;
  readonly read: { key: string; n: number }[];
  readonly letters: number[];
  lostLetters: number;
  /** What calls were rejected with. */
  readonly errors: Set<unknown>;
}

function randomOptions(random: Random, seen: Seen): HiveStreamOptions<Item> {
  const onError = random.pick(["emit", "skip", "deadLetter", "fail"] as const);
  return {
    workers: 1 + random.below(4),
    ordered: random.pick([false, "key", "all"] as const),
    bufferSize: 1 + random.below(60),
    resultBuffer: random.chance(0.3) ? 1 + random.below(5) : 1_000,
    ringBytes: random.pick([4096, 65_536]),
    concurrency: 1 + random.below(4),
    recordTimeout: random.pick(["50ms", "2s"]),
    maxLostBees: random.below(6),
    onError,
    ...(onError === "deadLetter" && {
      deadLetter: async ({ record }: { record: Item }) => {
        if (random.chance(0.02)) await new Promise(() => {});
        if (random.chance(0.02)) {
          seen.lostLetters++;
          throw new Error("the letter box is full");
        }
        seen.letters.push(record.n);
      },
    }),
  };
}

/** One user who does everything that a user can do, and a world in which bees are lost. */
class Scene {
  readonly seen: Seen = { accepted: 0, read: [], letters: [], lostLetters: 0, errors: new Set() };
  readonly onError: ErrorPolicy | undefined;
  readonly #random: Random;
  readonly #runtime: SimulatedRuntime;
  readonly #stream: HiveStream<Item, { n: number }>;
  /** After each stop: what calls had been rejected with by then. */
  readonly #told: Set<unknown>[] = [];
  #next = 0;

  constructor(seed: number, runtime: SimulatedRuntime) {
    this.#random = new Random(seed);
    this.#runtime = runtime;
    const options = randomOptions(this.#random, this.seen);
    this.onError = options.onError;
    this.#stream = new HiveStream({ ...options, runtime });
  }

  /** Whether nothing may be dropped: the stop drained, nothing cut it short, nothing failed. */
  async play(): Promise<{ stream: HiveStream<Item, { n: number }>; mustDrain: boolean }> {
    const random = this.#random;
    const started = this.#start();
    if (random.chance(0.8)) await started;
    const actors = [started, this.#submit(), this.#submit()];
    const reads = random.chance(0.8);
    if (reads) actors.push(this.#read());
    if (reads && random.chance(0.5)) actors.push(this.#iterate());
    for (let fault = random.below(4); fault > 0; fault--) this.#hurtLater();
    await this.#pause(random.below(60));
    let mustDrain = random.chance(0.5);
    const stopped = [this.#stop(mustDrain)];
    if (random.chance(0.3)) {
      mustDrain = false;
      await this.#pause(random.below(20));
      stopped.push(this.#stop(false));
    }
    // A letter that hangs holds a drain up for ever: a second stop is the way out.
    const hurry = this.#runtime.after(60_000, () => {
      mustDrain = false;
      stopped.push(this.#stop(false));
    });
    await Promise.all([...stopped, ...actors]);
    hurry();
    await this.#iterate();
    const failure = await this.#stream.getResult({ timeout: 0 }).then(() => {}, (error) => error);
    if (failure) {
      assert(this.#told.every((told) => told.has(failure)), "nobody knows that it failed");
    }
    return { stream: this.#stream, mustDrain: mustDrain && !failure };
  }

  async #start(): Promise<void> {
    const isAsync = this.#random.chance(0.5);
    await this.#try(() =>
      this.#stream.start(
        isAsync
          ? async ({ n, throws, turns }) => {
            for (let turn = 0; turn < turns; turn++) await null;
            if (throws) throw new Error(`refuses ${n}`);
            return { n };
          }
          : ({ n, throws }) => {
            if (throws) throw new Error(`refuses ${n}`);
            return { n };
          },
      )
    );
  }

  async #try(action: () => unknown): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.seen.errors.add(error);
      return false;
    }
  }

  async #stop(drain: boolean): Promise<void> {
    await this.#try(() => this.#stream.stop({ drain }));
    this.#told.push(new Set(this.seen.errors));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#runtime.after(ms, resolve));
  }

  #item(): Item {
    const random = this.#random;
    return { n: this.#next++, throws: random.chance(0.05), turns: random.below(4) };
  }

  async #submit(): Promise<void> {
    const random = this.#random;
    for (let i = 0; i < 80; i++) {
      const key = `key ${random.below(7)}`;
      const priority = random.chance(0.2) ? "high" : "normal";
      if (random.chance(0.3)) {
        await this.#try(() => {
          if (this.#stream.trySubmit(key, this.#item(), { priority })) this.seen.accepted++;
        });
      } else if (await this.#try(() => this.#stream.submit(key, this.#item(), { priority }))) {
        this.seen.accepted++;
      }
      if (random.chance(0.1)) await this.#pause(random.below(5));
    }
  }

  async #read(): Promise<void> {
    for (let i = 0; i < 40; i++) {
      await this.#try(async () => {
        const result = await this.#stream.getResult({ timeout: this.#random.below(20) });
        if (result) this.#note("", result);
      });
      if (this.#random.chance(0.1)) await this.#pause(this.#random.below(5));
    }
  }

  async #iterate(): Promise<void> {
    await this.#try(async () => {
      for await (const { key, result } of this.#stream) this.#note(key, result);
    });
  }

  #note(key: string, result: unknown): void {
    const n = isErrorRecord(result) ? (result.record as Item).n : (result as Item).n;
    this.seen.read.push({ key, n });
  }

  #hurtLater(): void {
    const random = this.#random;
    this.#runtime.after(random.next() * 60, () => {
      const { workers } = this.#runtime;
      if (workers.length === 0) return;
      const victim = random.pick(workers);
      if (random.chance(0.5)) this.#runtime.hang(victim);
      else this.#runtime.crash(victim);
    });
  }
}

async function checkOneScene(seed: number): Promise<{ lostBees: number; drains: number }> {
  const runtime = new SimulatedRuntime({ seed });
  return await runtime.drive(async () => {
    const scene = new Scene(seed, runtime);
    const { stream, mustDrain } = await scene.play();
    const { accepted, read, letters, lostLetters } = scene.seen;
    const report = await stream.stop();
    const { skipped, errors, unreadResults } = stream.metrics();
    const [results, delivered] = [read.length, letters.length];
    const where = JSON.stringify({ ...report, accepted, results, errors, delivered, lostLetters });
    const numbers = [...read.map(({ n }) => n), ...letters];
    assertEquals(new Set(numbers).size, numbers.length, `doubled: ${where}`);
    assertEquals(report.processed + report.dropped, accepted, `lost: ${where}`);
    if (mustDrain) assertEquals(report.dropped, 0, `not drained: ${where}`);
    const failed = scene.onError === "fail" ? errors : lostLetters;
    assertEquals(results + skipped + delivered + failed, report.processed, `unread: ${where}`);
    assertEquals([unreadResults, runtime.workers], [0, []], `left over: ${where}`);
    return { lostBees: report.lostBees, drains: mustDrain ? 1 : 0 };
  });
}

Deno.test("HiveStream accounts for every accepted record, whenever it is stopped and whatever is lost", async () => {
  let [lostBees, drains] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      const told = await checkOneScene(seed);
      lostBees += told.lostBees;
      drains += told.drains;
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
  assert(lostBees > SEEDS / 5, `only ${lostBees} bees were lost: the faults do not happen`);
  assert(drains > SEEDS / 10, `only ${drains} streams were drained`);
});
