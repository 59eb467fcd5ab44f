import { assert, assertEquals } from "@std/assert";
import { type ErrorRecord, HiveStream, isErrorRecord } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { Random } from "./support/random.ts";
import { type SoloBee, soloBee, type SoloResults } from "./support/solo_bee.ts";
import { type Behaviour, takeTimeOf } from "./support/timed_functions.ts";

/** The outcomes of records 0, 1 and 2, and the bees they cost. */
async function outcomes(fn: (n: number) => unknown, ringBytes = 65_536) {
  const runtime = new SimulatedRuntime();
  return await runtime.drive(async () => {
    const stream = new HiveStream<number, unknown>({ workers: 1, ringBytes, runtime });
    await stream.start(fn);
    for (const n of [0, 1, 2]) await stream.submit("k", n);
    const { lostBees } = await stream.stop();
    const results: unknown[] = [];
    for await (const { result } of stream) results.push(result);
    return { results, lostBees };
  });
}

function errorsOf(results: readonly unknown[]): ErrorRecord["error"][] {
  return results.filter(isErrorRecord).map(({ error }) => error);
}

Deno.test("RecordTask loses no bee over an error that cannot be shown or is very long", async () => {
  const strange: [(n: number) => unknown, string, string][] = [
    [
      (n) => {
        throw Object.assign(new Error(`${n}`), { name: Symbol("n") });
      },
      "Symbol(n)",
      "2",
    ],
    [
      () => {
        throw Object.defineProperty(new Error(), "message", {
          get() {
            throw new Error("no");
          },
        });
      },
      "Error",
      "a value that cannot be shown was thrown",
    ],
    [
      () => {
        throw Object.assign(new Error("x".repeat(5_000_000)), { name: "n".repeat(3_000_000) });
      },
      "n".repeat(256),
      "x".repeat(1_023),
    ],
  ];
  for (const [fn, name, message] of strange) {
    const { results, lostBees } = await outcomes(fn);
    assertEquals(errorsOf(results).at(-1), { name, message });
    assertEquals([results.length, lostBees], [3, 0]);
  }
});

Deno.test("RecordTask gives an error record for a result whose then() throws or cannot be read", async () => {
  const thenables: [(n: number) => unknown, string][] = [
    [() => ({
      then() {
        throw new Error("in then");
      },
    }), "in then"],
    [() => ({
      get then() {
        throw new Error("no then");
      },
    }), "no then"],
  ];
  for (const [fn, message] of thenables) {
    const { results, lostBees } = await outcomes(fn);
    assertEquals(errorsOf(results), new Array(3).fill({ name: "Error", message }));
    assertEquals(lostBees, 0);
  }
});

Deno.test("RecordTask takes the first word of a thenable that says several", async () => {
  const { results } = await outcomes((n) => ({
    then(resolve: (n: number) => void, reject: (error: unknown) => void) {
      resolve(n * 2);
      reject(new Error("too late"));
      resolve(-1);
    },
  }));
  assertEquals(results, [0, 2, 4]);
});

Deno.test("RecordTask works in the smallest ring: results, and errors cut to what it holds", async () => {
  assertEquals((await outcomes((n) => [n, "x".repeat(n * 100)], 4096)).results, [
    [0, ""],
    [1, "x".repeat(100)],
    [2, "x".repeat(200)],
  ]);
  const { results, lostBees } = await outcomes(() => {
    throw new Error("x".repeat(5_000));
  }, 4096);
  const error = { name: "Error", message: "x".repeat(63) };
  assertEquals(errorsOf(results), [error, error, error]);
  assertEquals(lostBees, 0);
});

const BEHAVES = {
  module: new URL("./support/timed_functions.ts", import.meta.url),
  export: "behaves",
};
const TIMEOUT_MS = 50;

interface Seen {
  readonly n: number;
  readonly inFlight: number;
  readonly ofKey: number;
}

/** What should become of a record. */
function expected({ n, ms, fails }: Behaviour): string {
  if (ms === -2 && !fails) return "TimeoutError";
  return fails ? `failed ${n}` : `${n}`;
}

/** What became of each row, by batch, in the order in which it came. */
function outcomesOf(taken: readonly SoloResults[]): { batch: number; row: number; was: string }[] {
  return taken.flatMap(({ batch, from, values, errors }) =>
    values.map((value, i) => {
      const error = errors.find(({ index }) => index === from + i);
      const name = error?.name === "TimeoutError" ? error.name : error?.message;
      return { batch, row: from + i, was: name ?? `${(value as Seen).n}` };
    })
  );
}

async function behavingBee(concurrency: number, ordered: boolean): Promise<SoloBee> {
  const runtime = new SimulatedRuntime();
  takeTimeOf(runtime);
  return await soloBee(BEHAVES, { runtime, concurrency, ordered, recordTimeoutMs: TIMEOUT_MS });
}

function randomBatch(random: Random): { values: Behaviour[]; keys: string[] } {
  const values = Array.from({ length: 1 + random.below(20) }, (_, n) => ({
    n,
    ms: random.chance(0.04) ? -2 : random.chance(0.4) ? -1 : random.below(20),
    fails: random.chance(0.2),
  }));
  return { values, keys: values.map(() => `k${random.below(6)}`) };
}

Deno.test("RecordTask answers every record once, in order, whatever its promise does", async () => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = new Random(seed);
    const ordered = random.chance(0.5);
    const concurrency = 1 + random.below(6);
    const solo = await behavingBee(concurrency, ordered);
    const batches = Array.from({ length: 1 + random.below(5) }, () => randomBatch(random));
    batches.forEach((each, batch) => assert(solo.give({ batch, ...each })));
    const taken = await solo.work();
    const outcomes = outcomesOf(taken);
    const inOrder = outcomes.toSorted((a, b) => a.batch - b.batch || a.row - b.row);
    const all = batches.flatMap(({ values }, batch) =>
      values.map((record, row) => ({ batch, row, was: expected(record) }))
    );
    assertEquals(inOrder, all, `seed ${seed}`);
    if (ordered) assertEquals(outcomes, inOrder, `seed ${seed}`);
    for (const seen of taken.flatMap(({ values }) => values as (Seen | undefined)[])) {
      if (seen === undefined) continue;
      assert(seen.inFlight <= concurrency && seen.ofKey <= 1, `seed ${seed}: ${seen.inFlight}`);
    }
  }
});

Deno.test("RecordTask waits for one promise at a time after a bee was lost over the records", async () => {
  const solo = await behavingBee(8, true);
  const values = Array.from({ length: 10 }, (_, n) => ({ n, ms: 3, fails: false }));
  const keys = values.map(({ n }) => `k${n}`);
  solo.give({ batch: 1, values, keys, suspect: true });
  const seen = (await solo.work()).flatMap(({ values }) => values as Seen[]);
  assertEquals(seen.map(({ inFlight }) => inFlight), new Array(10).fill(1));
  assertEquals(solo.control.cursor(), { batch: 1, low: 9, high: 10 });
});

Deno.test("RecordTask does only the rows that it was given of a batch", async () => {
  const solo = await behavingBee(2, true);
  const values = Array.from({ length: 10 }, (_, n) => ({ n, ms: -1, fails: false }));
  solo.give({ batch: 1, values, from: 3, to: 6 });
  assertEquals(outcomesOf(await solo.work()).map(({ was }) => was), ["3", "4", "5"]);
});

Deno.test("RecordTask fails the stream, and does no more, when its function misses a name", async () => {
  const solo = await soloBee((n: number) => {
    if (n === 1) throw new ReferenceError("scale is not defined");
    return n;
  });
  solo.give({ batch: 1, values: [0, 1, 2] });
  const taken = await solo.work();
  assertEquals(taken.map(({ kind }) => kind), [3]);
  assert(taken[0].errors[0].message.includes('"scale"'), taken[0].errors[0].message);
  solo.give({ batch: 2, values: [0] });
  assertEquals(await solo.work(), []);
});
