import { assert, assertEquals, assertRejects } from "@std/assert";
import { count, from, TumblingWindow } from "../mod.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import type { Runtime, WorkerHandle } from "../src/runtime/runtime.ts";

/** The real world, in which the workers that were not ended are counted. */
class Watched {
  alive = 0;
  spawned = 0;
  readonly runtime: Runtime = Object.create(denoRuntime, {
    spawn: {
      value: (...given: Parameters<Runtime["spawn"]>): WorkerHandle => {
        const worker = denoRuntime.spawn(...given);
        this.alive++;
        this.spawned++;
        let ended = false;
        const terminate = () => {
          if (!ended) this.alive--;
          ended = true;
          worker.terminate();
        };
        return { post: (data) => worker.post(data), terminate };
      },
    },
  });

  check(): void {
    assert(this.spawned > 0, "no worker was started");
    assertEquals(this.alive, 0, "a worker is left");
  }
}

/** Rows without an end; `open` tells whether someone still iterates. */
function endless() {
  const state = { open: false, rows: 0 };
  async function* rows() {
    state.open = true;
    try {
      while (true) {
        if (state.rows % 1000 === 0) await new Promise((resolve) => setTimeout(resolve));
        yield { at: 10 * state.rows++, key: "k" };
      }
    } finally {
      state.open = false;
    }
  }
  return { state, rows: rows() };
}

function seconds(rows: AsyncIterable<{ at: number; key: string }>, runtime: Runtime) {
  return from(rows, { workers: 2, runtime }).timestamps("at").keyBy("key")
    .window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() });
}

Deno.test("Leaving the loop early ends bees and source", async () => {
  const watched = new Watched();
  const { state, rows } = endless();
  for await (const { n } of seconds(rows, watched.runtime)) {
    assertEquals(n, 100);
    break;
  }
  watched.check();
  assert(!state.open);
});

Deno.test("An abort ends the run with its reason, and releases everything", async () => {
  const watched = new Watched();
  const { state, rows } = endless();
  const controller = new AbortController();
  const run = seconds(rows, watched.runtime).run({
    signal: controller.signal,
    onProgress: ({ rowsOut }) => rowsOut > 5 && controller.abort(new Error("enough")),
  });
  await assertRejects(() => run, Error, "enough");
  watched.check();
  assert(!state.open);
});

Deno.test("An abort that drains finishes what was read, closes all windows, and resolves", async () => {
  const watched = new Watched();
  const { state, rows } = endless();
  const controller = new AbortController();
  const pipeline = seconds(rows, watched.runtime);
  let counted = 0;
  const options = { signal: controller.signal, onAbort: "drain" } as const;
  for await (const batch of pipeline.batches(options)) {
    for (const { n } of batch) counted += n;
    if (counted > 1000) controller.abort();
  }
  const metrics = pipeline.metrics();
  assert(metrics.aborted);
  assertEquals([metrics.recordsIn, metrics.absorbed], [counted, counted]);
  assertEquals([metrics.inFlight, metrics.unaccounted], [0, 0]);
  watched.check();
  assert(!state.open);
});

Deno.test("A signal that was aborted before ends the run before it begins", async () => {
  const { rows } = endless();
  const signal = AbortSignal.abort(new Error("never mind"));
  await assertRejects(() => seconds(rows, denoRuntime).run({ signal }), Error, "never mind");
});

Deno.test("An abort ends a run whose source gives nothing", async () => {
  async function* silence(): AsyncGenerator<{ at: number; key: string }> {
    await new Promise(() => {});
    yield { at: 0, key: "" };
  }
  const controller = new AbortController();
  const run = seconds(silence(), denoRuntime).run({ signal: controller.signal });
  controller.abort(new Error("too quiet"));
  await assertRejects(() => run, Error, "too quiet");
});

Deno.test("A failure of the source leaves no worker", async () => {
  const watched = new Watched();
  async function* failing() {
    for (let n = 0; n < 5000; n++) yield { at: n, key: "k" };
    await Promise.resolve();
    throw new Error("gone");
  }
  await assertRejects(() => seconds(failing(), watched.runtime).run(), Error, "gone");
  watched.check();
});

/** Times that cannot be read, as many as there is room for, and how many were taken. */
function unreadable(total: number) {
  const state = { taken: 0 };
  function* rows() {
    while (state.taken < total) yield { at: `no time ${state.taken++}` };
  }
  return { state, rows: rows() };
}

Deno.test("Dead letters that are slow to be delivered hold the source up", async () => {
  const { state, rows } = unreadable(50_000);
  let delivered = 0;
  let mostWaiting = 0;
  const deadLetter = async () => {
    mostWaiting = Math.max(mostWaiting, state.taken - delivered++);
    if (delivered % 500 === 0) await new Promise((resolve) => setTimeout(resolve));
  };
  const options = { workers: 1, badRecords: "deadLetter", deadLetter } as const;
  const { deadLettered } = await from(rows, options).timestamps("at").run();
  assertEquals([deadLettered, delivered], [50_000, 50_000]);
  assert(mostWaiting < 10_000, `${mostWaiting} dead letters waited`);
});

Deno.test("An abort does not wait for dead letters that are never delivered", async () => {
  const controller = new AbortController();
  const deadLetter = () => {
    setTimeout(() => controller.abort(new Error("enough")));
    return new Promise<void>(() => {});
  };
  const options = { workers: 1, badRecords: "deadLetter", deadLetter } as const;
  const run = from(unreadable(3).rows, options).timestamps("at").run({ signal: controller.signal });
  await assertRejects(() => run, Error, "enough");
});
