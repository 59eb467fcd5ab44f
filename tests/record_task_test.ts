import { assertEquals } from "@std/assert";
import { type ErrorRecord, HiveStream, isErrorRecord } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

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
