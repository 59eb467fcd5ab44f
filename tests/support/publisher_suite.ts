/**
 * What every publisher is held to, whatever is at its other side.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  DeliveryGuarantee,
  from,
  IterableSource,
  type Publisher,
  RecordBatch,
  RetryPolicy,
  schema,
  StreamingGenerator,
  StreamingMetrics,
  SyntheticGenerator,
  types,
} from "../../mod.ts";
import { Random } from "./random.ts";

/** A publisher, and its other side. */
export interface PublisherCase {
  readonly publisher: Publisher;
  /**
   * Rows that have arrived at the other side, in order, as `{ id, name }`. Asked for when what was
   * published has been flushed; also behind the publisher's end, unless it `forgets`.
   */
  arrived(): Promise<Record<string, unknown>[]>;
  /** The other side stops taking, so that before long no more batches are. */
  stall?(): void | Promise<void>;
  /** It goes on. */
  go?(): void | Promise<void>;
  /** It refuses the next n batches, or more exactly what is sent of them next, in n attempts. */
  failNext?(n: number): void | Promise<void>;
  /** It breaks the connection; a new one can be made. */
  break?(): void | Promise<void>;
  /** Ends the other side; the publisher has ended before. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a publisher promises, where that differs. */
export interface PublisherTraits {
  /** Whether what failed may arrive twice. Default false: each row once. */
  readonly atLeastOnce?: boolean;
  /** Whether a batch that has failed can be published again. Default true. */
  readonly repeats?: boolean;
  /** Whether it tries again by itself, so that its producer may not hear of a failure. Default false. */
  readonly retries?: boolean;
  /** What its other side cannot be made to do. Default: it can do everything. */
  readonly cannot?: readonly ("stall" | "failNext" | "break")[];
  /** Whether nothing can be seen of what arrived when the publisher has ended. Default false. */
  readonly forgets?: boolean;
  /** Rows of a batch: as many as leave at once, and do not wait for more. Default 100. */
  readonly batchRows?: number;
  /** Batches that may be on their way before the other side, which has stalled, is felt. Default 8. */
  readonly mostAhead?: number;
  /** What must never stand in a message: a password, a token. */
  readonly secret?: string;
}

type Row = Record<string, unknown>;

const SCHEMA = schema({ id: types.f64, name: types.utf8 });
const PATIENCE_MS = 10_000;
/** Of what is known to fail. */
const IMPATIENCE_MS = 500;
const PENDING_MS = 30;
const MOST_TRIES = 12;
const SEEDS = 3;

/** Rows of these numbers. */
export function rowsOf(start: number, count: number): Row[] {
  return Array.from({ length: count }, (_, i) => ({ id: start + i, name: `röw ${start + i}` }));
}

function batchOf(start: number, count: number): RecordBatch {
  return RecordBatch.fromRows(rowsOf(start, count), { schema: SCHEMA }) as RecordBatch;
}

function rowsOfAll(batches: readonly RecordBatch[]): Row[] {
  return batches.flatMap((batch) => batch.toRows());
}

function after(ms: number): { promise: Promise<void>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return { promise, cancel: () => clearTimeout(timer) };
}

/** As the promise, or an error that says what never happened. */
async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const { promise: over, cancel } = after(ms);
  const late = over.then(() => {
    throw new Error(`${what} did not come to an end within ${ms} ms`);
  });
  return await Promise.race([promise, late]).finally(cancel);
}

/** Whether nothing comes of a promise for now. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const { promise: over, cancel } = after(PENDING_MS);
  const settled = promise.then(() => false, () => false);
  return await Promise.race([settled, over.then(() => true)]).finally(cancel);
}

/** A publisher under test: waits for it, retries, and compares what arrives. */
class Trial {
  readonly at: PublisherCase;
  readonly #traits: PublisherTraits;
  readonly #patienceMs: number;
  #next = 0;

  constructor(at: PublisherCase, traits: PublisherTraits, patienceMs: number) {
    this.at = at;
    this.#traits = traits;
    this.#patienceMs = patienceMs;
  }

  /** As the promise, which has to come to an end. */
  soon<T>(what: string, promise: Promise<T>): Promise<T> {
    return within(this.#patienceMs, what, promise);
  }

  /** Rows of the next batch; those of a usual one unless told otherwise. */
  batch(count = this.#traits.batchRows ?? 100): RecordBatch {
    this.#next += count;
    return batchOf(this.#next - count, count);
  }

  publish(batch: RecordBatch, signal?: AbortSignal): Promise<number> {
    const publishing = this.at.publisher.publish(batch, signal ? { signal } : {});
    const taken = this.soon("publish()", publishing).then(({ records }) => records);
    return taken.catch((error) => this.#seemly(error));
  }

  async flush(): Promise<void> {
    await this.soon("flush()", this.at.publisher.flush()).catch((error) => this.#seemly(error));
  }

  async close(): Promise<void> {
    await this.soon("the end", Promise.resolve(this.at.publisher[Symbol.asyncDispose]()));
  }

  async arrived(): Promise<Row[]> {
    return await this.soon("arrived()", this.at.arrived());
  }

  /** Publishes until it is taken; gives how often that failed. */
  async deliver(batch: RecordBatch): Promise<number> {
    return await this.#retried(() => this.publish(batch));
  }

  async delivered(): Promise<number> {
    return await this.#retried(() => this.flush());
  }

  async #retried(work: () => Promise<unknown>): Promise<number> {
    for (let failed = 0;; failed++) {
      try {
        await work();
        return failed;
      } catch (error) {
        assert(isRetriable(error), `must be retriable: ${error}`);
        if (failed === MOST_TRIES) throw error;
        await after(2 ** Math.min(failed, 6)).promise;
      }
    }
  }

  #seemly(error: unknown): never {
    const { secret } = this.#traits;
    assert(error instanceof Error, `must throw errors, threw ${error}`);
    if (secret !== undefined) {
      assert(!Deno.inspect(error, { depth: 10 }).includes(secret), `tells a secret: ${error}`);
    }
    throw error;
  }

  /** What has arrived is what was published, and nothing else but repetitions, where they may be. */
  async hasArrived(expected: readonly Row[], maybe: readonly Row[] = []): Promise<void> {
    const arrived = await this.arrived();
    const { atLeastOnce = false } = this.#traits;
    const open = new Set(maybe.map(({ id }) => id));
    const known = new Set([...expected.map(({ id }) => id), ...open]);
    assertEquals(arrived.filter(({ id }) => !known.has(id)).slice(0, 3), []);
    const seen = new Set<unknown>();
    const first = arrived.filter(({ id }) => !seen.has(id) && seen.add(id));
    if (!atLeastOnce) assertEquals(first.length, arrived.length, "rows have arrived twice");
    const sure = first.filter(({ id }) => !open.has(id));
    assertEquals(sure.length, expected.length, "rows have been lost");
    const other = sure.findIndex(({ id }, at) => id !== expected[at].id);
    assertEquals(sure[other], expected[other], "rows are in another order");
    const wrong = first.find(({ id, name }) => name !== `röw ${id}`);
    assertEquals(wrong, undefined);
  }
}

function isRetriable(error: unknown): boolean {
  return !(error instanceof Error && "retriable" in error && error.retriable === false);
}

/** A signal that counts who listens to it. */
function countingSignal(): { signal: AbortSignal; listeners: () => number } {
  const { signal } = new AbortController();
  const heard = new Set<unknown>();
  const { addEventListener: add, removeEventListener: remove } = signal;
  signal.addEventListener = (...[type, listener, options]: Parameters<typeof add>) => {
    heard.add(listener);
    add.call(signal, type, listener as EventListener, options);
  };
  signal.removeEventListener = (...[type, listener, options]: Parameters<typeof remove>) => {
    heard.delete(listener);
    remove.call(signal, type, listener as EventListener, options);
  };
  return { signal, listeners: () => heard.size };
}

type Check = (trial: Trial, traits: PublisherTraits) => Promise<void>;

/** What can be asked of any other side. */
const ALWAYS: Readonly<Record<string, Check>> = {
  "takes batches whole and in order, empty ones too": async (trial) => {
    const batches = [0, 1, undefined, 0, 7, undefined].map((count) => trial.batch(count));
    for (const batch of batches) assertEquals(await trial.publish(batch), batch.length);
    await trial.flush();
    await trial.hasArrived(rowsOfAll(batches));
  },

  "keeps the order of batches that are published at once": async (trial, { batchRows = 100 }) => {
    const batches = Array.from({ length: 6 }, (_, i) => trial.batch(i % 2 ? batchRows : i));
    await Promise.all(batches.map((batch) => trial.publish(batch)));
    await trial.flush();
    await trial.hasArrived(rowsOfAll(batches));
  },

  "takes nothing when the signal was aborted before, and goes on": async (trial) => {
    const reason = new Error("no more");
    const refused = trial.batch();
    const error = await assertRejects(() => trial.publish(refused, AbortSignal.abort(reason)));
    assertEquals(error, reason);
    const batch = trial.batch();
    await trial.publish(batch);
    await trial.flush();
    await trial.hasArrived(batch.toRows());
  },

  "does not listen to a signal for longer than it publishes": async (trial) => {
    const { signal, listeners } = countingSignal();
    const batches = [trial.batch(), trial.batch()];
    for (const batch of batches) await trial.publish(batch, signal);
    await trial.flush();
    assertEquals(listeners(), 0);
    await trial.hasArrived(rowsOfAll(batches));
  },

  "flushes and ends without a batch, and ends as often as it is told": async (trial) => {
    await trial.flush();
    await trial.flush();
    await trial.close();
    await trial.close();
  },

  "refuses what is published behind its end": async (trial, { forgets }) => {
    const batch = trial.batch();
    await trial.publish(batch);
    await trial.close();
    const error = await assertRejects(() => trial.publish(trial.batch()), Error, "closed");
    assert(!isRetriable(error), "a closed publisher does not open again");
    if (!forgets) await trial.hasArrived(batch.toRows());
  },

  "loses nothing that it has taken when it ends while it is sending": async (trial, traits) => {
    const batches = [trial.batch(), trial.batch(), trial.batch()];
    const publishing = batches.map((batch) => trial.publish(batch));
    const closing = trial.close();
    const outcomes = await Promise.allSettled(publishing);
    await closing;
    if (traits.forgets) return;
    const rows = (status: string) =>
      rowsOfAll(batches.filter((_, i) => outcomes[i].status === status));
    await trial.hasArrived(rows("fulfilled"), rows("rejected"));
  },

  "takes the results of a pipeline, and stays open": async (trial, { batchRows = 100 }) => {
    const rows = trial.batch(batchRows).toRows();
    const { publisher } = trial.at;
    const { AtLeastOnce, ExactlyOnce } = DeliveryGuarantee;
    const deliveryGuarantee = publisher.exactlyOnceNeeds ? AtLeastOnce : ExactlyOnce;
    const source = new IterableSource(rows, { schema: SCHEMA });
    await from(source, { workers: 1, deliveryGuarantee }).to(publisher).run();
    const batch = trial.batch();
    await trial.publish(batch);
    await trial.flush();
    await trial.hasArrived([...rows, ...batch.toRows()]);
  },
};

/** Publishes until the other side, which has stalled, is felt. */
async function untilHeld(trial: Trial, { mostAhead = 8 }: PublisherTraits, signal?: AbortSignal) {
  const batches: RecordBatch[] = [];
  while (batches.length <= mostAhead) {
    const batch = trial.batch();
    const publishing = trial.publish(batch, signal);
    publishing.catch(() => {}); // is looked at below
    batches.push(batch);
    if (await isPending(publishing)) return { batches, publishing };
    await publishing;
  }
  throw new Error(`${batches.length} batches were taken while the other side takes nothing`);
}

const WITH_STALL: Readonly<Record<string, Check>> = {
  "has its producer wait while the other side takes nothing": async (trial, traits) => {
    await trial.at.stall!();
    const { batches, publishing } = await untilHeld(trial, traits);
    await trial.at.go!();
    await publishing;
    await trial.flush();
    await trial.hasArrived(rowsOfAll(batches));
  },

  "lets go of a batch when the signal is aborted while it waits, and goes on": async (
    trial,
    traits,
  ) => {
    await trial.at.stall!();
    const reason = new Error("enough");
    const sure: RecordBatch[] = [];
    let maybe: RecordBatch | undefined;
    while (!maybe) {
      const controller = new AbortController();
      const { batches, publishing } = await untilHeld(trial, traits, controller.signal);
      controller.abort(reason);
      const outcome = await publishing.catch((error) => error);
      sure.push(...batches);
      if (typeof outcome === "number") continue; // it was only slow
      assertEquals(outcome, reason);
      maybe = sure.pop();
    }
    await trial.at.go!();
    const batch = trial.batch();
    await trial.deliver(batch);
    await trial.delivered();
    await trial.hasArrived(rowsOfAll([...sure, batch]), maybe.toRows());
  },
};

const WITH_FAILURES: Readonly<Record<string, Check>> = {
  "loses nothing of what is tried again": async (trial, { batchRows = 100, retries }) => {
    const batches: RecordBatch[] = [];
    let failed = 0;
    for (const failures of [1, 0, 3, 1]) {
      const batch = trial.batch(batchRows);
      batches.push(batch);
      await trial.at.failNext!(failures);
      failed += await trial.deliver(batch);
      failed += await trial.delivered();
    }
    assert(retries ? failed <= 5 : failed === 5, `${failed} of 5 failures were told`);
    await trial.hasArrived(rowsOfAll(batches));
  },

  "delivers a stream whose batches are tried again": async (trial, traits) => {
    const { batchRows = 100, retries } = traits;
    const rows = rowsOf(0, 40).map((_, i) => ({ id: 1, name: `röw ${i % 3}` }));
    const generator = await SyntheticGenerator.fit(rows);
    const retryPolicy = new RetryPolicy({ maxRetries: MOST_TRIES, initialBackoff: 1 });
    const metrics = new StreamingMetrics();
    await trial.at.failNext!(2);
    const streamer = new StreamingGenerator(generator, { retryPolicy });
    const report = await trial.soon(
      "the stream",
      streamer.streamTo(trial.at.publisher, {
        batchSize: batchRows,
        maxRecords: batchRows * 3,
        metrics,
      }),
    );
    assertEquals(report.records, batchRows * 3);
    if (!retries) assertEquals([metrics.errors, metrics.retries], [2, 2]);
    await trial.flush();
    assert((await trial.arrived()).length >= batchRows * 3);
  },

  "shows the first error where it is disposed of behind it": async (trial) => {
    await trial.at.failNext!(1000);
    let first: unknown;
    const error = await assertRejects(async () => {
      await using publisher = trial.at.publisher;
      try {
        await trial.publish(trial.batch());
        await publisher.flush();
      } catch (thrown) {
        first = thrown;
        throw thrown;
      }
    });
    assert(!(error instanceof SuppressedError), `hides ${first} behind ${error}`);
    assertEquals(error, first);
  },
};

const WITH_BREAKS: Readonly<Record<string, Check>> = {
  "loses nothing when the connection breaks": async (trial) => {
    const batches = Array.from({ length: 6 }, () => trial.batch());
    for (const [i, batch] of batches.entries()) {
      await trial.deliver(batch);
      await trial.delivered();
      if (i % 2 === 1) await trial.at.break!();
    }
    await trial.hasArrived(rowsOfAll(batches));
  },
};

/** Does what comes to mind, and keeps books. */
async function randomly(trial: Trial, random: Random, traits: PublisherTraits): Promise<void> {
  const { at } = trial;
  const { batchRows = 100, cannot = [] } = traits;
  const sure: RecordBatch[] = [];
  const maybe: RecordBatch[] = [];
  for (let step = 0; step < 12; step++) {
    const what = random.below(6);
    if (what === 0 && !cannot.includes("failNext")) await at.failNext!(1 + random.below(2));
    if (what === 1 && !cannot.includes("break")) {
      await trial.delivered();
      await at.break!();
    }
    if (what === 2) {
      const batch = trial.batch(random.below(batchRows));
      const aborted = new AbortController();
      const publishing = trial.publish(batch, aborted.signal);
      aborted.abort();
      const isTaken = await publishing.then(() => true, () => false);
      (isTaken ? sure : maybe).push(batch);
    } else {
      const batch = trial.batch(random.below(batchRows * 2));
      sure.push(batch);
      await trial.deliver(batch);
    }
    if (random.chance(0.3)) await trial.delivered();
  }
  await trial.delivered();
  await trial.hasArrived(rowsOfAll(sure), rowsOfAll(maybe));
}

/** What a publisher of these traits has to pass. */
function checksOf(traits: PublisherTraits): readonly (readonly [what: string, check: Check])[] {
  const { repeats = true, cannot = [] } = traits;
  const can = (what: "stall" | "failNext" | "break") => !cannot.includes(what);
  const seeds = repeats ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [];
  return [
    ...Object.entries(ALWAYS),
    ...Object.entries(can("stall") ? WITH_STALL : {}),
    ...Object.entries(repeats && can("failNext") ? WITH_FAILURES : {}),
    ...Object.entries(repeats && can("break") ? WITH_BREAKS : {}),
    ...seeds.map((seed): [string, Check] => [
      `keeps its promises whatever happens, seed ${seed}`,
      (trial) => randomly(trial, new Random(seed), traits),
    ]),
  ];
}

interface Holding {
  readonly open: () => Promise<PublisherCase>;
  readonly traits: PublisherTraits;
  readonly patienceMs: number;
}

async function hold(check: Check, { open, traits, patienceMs }: Holding): Promise<void> {
  await using at = await open();
  await using publisher = at.publisher;
  let isStalled = false;
  const watched: PublisherCase = {
    publisher,
    arrived: () => at.arrived(),
    stall: async () => {
      isStalled = true;
      await at.stall!();
    },
    go: async () => {
      isStalled = false;
      await at.go!();
    },
    failNext: (n) => at.failNext!(n),
    break: () => at.break!(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  try {
    await check(new Trial(watched, traits, patienceMs), traits);
  } finally {
    if (isStalled) await at.go!(); // or its end would wait for ever
  }
}

/** The tests that a publisher does not pass, of all or of one: to see what the suite sees. */
export async function failingTests(
  open: () => Promise<PublisherCase>,
  { only, ...traits }: PublisherTraits & { readonly only?: string } = {},
): Promise<string[]> {
  const failing: string[] = [];
  const checks = checksOf(traits).filter(([what]) => only === undefined || what === only);
  for (const [what, check] of checks) {
    await hold(check, { open, traits, patienceMs: IMPATIENCE_MS }).catch(() => failing.push(what));
  }
  return failing;
}

/**
 * Registers the tests that a publisher has to pass.
 *
 * It is held to: order; batches whole or not at all; taking no more than the other side does; retries
 * without loss, and without repetition unless it `atLeastOnce`; heeding the signal before and
 * while it publishes; ending while it sends; refusing what comes behind its end; showing the first
 * error. Deno's own checks see what it leaves open.
 *
 * @param name Of the publisher, the first word of the tests' names.
 * @param open Makes a publisher and its other side, anew for each test.
 * @param define Makes the tests' definitions, of those that need an outside program.
 */
export function testPublisher(
  name: string,
  open: () => Promise<PublisherCase>,
  traits: PublisherTraits = {},
  define: (name: string, fn: () => Promise<void>) => Deno.TestDefinition = (name, fn) => ({
    name,
    fn,
  }),
): void {
  for (const [what, check] of checksOf(traits)) {
    const test = () => hold(check, { open, traits, patienceMs: PATIENCE_MS });
    Deno.test(define(`${name} ${what}`, test));
  }
}
