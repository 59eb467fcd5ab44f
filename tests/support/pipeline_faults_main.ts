/**
 * Runs a pipeline of which one bee hangs or fails, and prints what came of it. A process of its
 * own, because a thread that hangs keeps its process alive.
 *
 * Arguments: `hang` or `throw`, workers, places of the bees that are broken, `maxLostBees`, and
 * `ordered` for windows that see rows in the order of the source, or `file` for rows that the bees
 * decode.
 */
import { count, first, from, last, ndjson, sum, TumblingWindow } from "@waggle/stream";
import { denoRuntime } from "../../src/runtime/deno_runtime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

const [fault, workers, broken, maxLostBees, order] = Deno.args;
const ROWS = 200_000;

/** The real world, but for the first bees in some places. */
const runtime: Runtime = Object.create(denoRuntime, {
  spawn: {
    value: (...[options, events]: Parameters<Runtime["spawn"]>) => {
      const isBroken = broken.split(",").some((place) => options.name.startsWith(`bee ${place}.`));
      const isFirst = options.name.endsWith(".0") || broken.endsWith("always");
      const module = isBroken && isFirst
        ? new URL(`./bee_worker_${fault}.ts`, import.meta.url)
        : options.module;
      return denoRuntime.spawn({ ...options, module }, events);
    },
  },
});

function* rows() {
  for (let n = 0; n < ROWS; n++) {
    yield { at: 10 * n - (n * 7919) % 500, key: `k${(n * 31) % 500}`, value: n };
  }
}

/** The rows as lines of JSON, in pieces. */
async function* lines() {
  const encoder = new TextEncoder();
  let text = "";
  for (const row of rows()) {
    text += `${JSON.stringify(row)}\n`;
    if (text.length < 65_536) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(text);
}

async function run(): Promise<unknown> {
  const source = order === "file"
    ? ndjson(
      { [Symbol.asyncIterator]: lines },
      { blockBytes: 50_000, maxRecordBytes: 1000 },
    )
    : { [Symbol.iterator]: rows };
  const windowed = from(source as Iterable<{ at: number; key: string; value: number }>, {
    workers: Number(workers),
    maxLostBees: Number(maxLostBees),
    // A bee that is only kept waiting for a core is not to count as lost where none is broken.
    recordTimeout: broken === "none" ? "1m" : "1s",
    checkpointBatches: 5,
    runtime,
  }).timestamps("at", { maxDisorder: 100 }).keyBy("key")
    .window(new TumblingWindow({ size: "1m" }));
  const asked = order === "ordered" ? windowed.trigger({ everyRows: 5 }) : windowed;
  const pipeline = asked
    .aggregate({ n: count(), total: sum("value"), first: first("value"), last: last("value") });
  const results: unknown[] = [];
  try {
    for await (const row of pipeline) results.push(row);
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message, lostBees: pipeline.metrics().lostBees };
  }
  const { late, absorbed, lostBees, replayedBatches } = pipeline.metrics();
  return { results, late, absorbed, lostBees, replayedBatches };
}

console.log(JSON.stringify(await run()));
Deno.exit();
