import { assert, assertEquals } from "@std/assert";
import {
  bursts,
  count,
  diurnal,
  from,
  poisson,
  RecordBatch,
  schema,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { ArrivalOrder } from "../src/generators/arrival/arrival_order.ts";
import { ArrivalSampler } from "../src/generators/arrival/arrival_sampler.ts";
import type { Arrivals } from "../src/generators/arrival/arrivals.ts";
import {
  type ArrivalOptions,
  declareArrivals,
} from "../src/generators/arrival/declare_arrivals.ts";
import { learnArrivals } from "../src/generators/arrival/learn_arrivals.ts";
import { runSimulated } from "./support/simulated_runs.ts";

const COLUMNS = schema({ at: t.timestamp });
const EVENTS = 30_000;

interface Arrived {
  readonly times: Float64Array;
  readonly lateness: Float64Array;
}

/** Records in order of arrival, with how late each truly is. */
function arrived(arrivals: Arrivals): Arrived {
  const { times, delays } = new ArrivalSampler(arrivals, { seed: 11n }).next(EVENTS);
  const order = new ArrivalOrder();
  order.push(times, delays);
  const { indices, lateness } = order.finish();
  return { times: indices.map((index) => times[index]), lateness };
}

async function* batches({ times }: Arrived) {
  for (let at = 0; at < times.length; at += 1000) {
    const part = Array.from(times.subarray(at, at + 1000), (time) => ({ at: time }));
    yield await Promise.resolve(RecordBatch.fromRows(part, { schema: COLUMNS }));
  }
}

Deno.test("a pipeline has as many late records as the generator knows there are", async () => {
  const cases: [ArrivalOptions, number, number][] = [
    [{ rate: poisson("500/s"), disorder: { share: 0.05, maxDelay: "2s" } }, 1000, 500],
    [{ rate: diurnal({ rate: "2/s" }), disorder: { share: 0.2, maxDelay: "1m" } }, 10_000, 5000],
    [
      {
        rate: bursts({ base: "5/s", peak: "500/s", every: "20s", length: "2s" }),
        disorder: { share: 0.5, maxDelay: "5s" },
        grid: "1s",
      },
      2000,
      1000,
    ],
  ];
  for (const [options, size, bound] of cases) {
    const declared = arrived(declareArrivals(options));
    for (const stream of [declared, arrived(learnArrivals(declared.times))]) {
      const windowEnd = (time: number) => (Math.floor(time / size) + 1) * size;
      // late is what comes when the newest time so far, less the bound, has reached the window's end
      const truth = stream.times.filter((time, at) =>
        windowEnd(time) <= time + stream.lateness[at] - bound
      ).length;
      const { results, metrics } = await runSimulated(
        { seed: 1, workers: 2, faults: false },
        (options) =>
          from(batches(stream), options)
            .timestamps("at", { maxDisorder: bound })
            .window(new TumblingWindow({ size }))
            .aggregate({ n: count() }),
      );
      const inTime = (results as { n: number }[]).reduce((sum, { n }) => sum + n, 0);
      assert(truth > EVENTS / 1000, `${truth} late`);
      assertEquals(metrics.late, truth);
      assertEquals(inTime, EVENTS - truth);
    }
  }
});
