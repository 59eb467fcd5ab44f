/**
 * Runs a pipeline with a function that never returns for one row, and prints what came of it. A
 * process of its own, because a thread that hangs keeps its process alive.
 *
 * Arguments: workers, and `windows` or `rows`.
 */
import { type BadInput, count, from, sum, TumblingWindow } from "@waggle/stream";

const [workers, shape] = Deno.args;
const letters: BadInput[] = [];
const rows = Array.from({ length: 600 }, (_, n) => ({ at: n, n }));

async function run(): Promise<unknown> {
  const mapped = from(rows, {
    workers: Number(workers),
    recordTimeout: "3s",
    batchRows: 100,
    badRecords: "deadLetter",
    deadLetter: (bad) => void letters.push(bad),
  }).timestamps("at").map(({ n }) => {
    while (n === 377);
    return { n };
  });
  const pipeline = shape === "rows"
    ? mapped
    : mapped.window(new TumblingWindow({ size: 300 })).aggregate({ rows: count(), n: sum("n") });
  const results = await Array.fromAsync<{ n: number | null }>(pipeline);
  const { unaccounted, deadLettered, lostBees } = pipeline.metrics();
  const total = results.reduce((all, { n }) => all + n!, 0);
  return { total, letters, unaccounted, deadLettered, lostBees };
}

console.log(JSON.stringify(await run()));
Deno.exit();
