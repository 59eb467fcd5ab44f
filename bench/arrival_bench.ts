import { diurnal } from "../mod.ts";
import { ArrivalOrder } from "../src/generators/arrival/arrival_order.ts";
import { ArrivalSampler } from "../src/generators/arrival/arrival_sampler.ts";
import { declareArrivals } from "../src/generators/arrival/declare_arrivals.ts";
import { learnArrivals } from "../src/generators/arrival/learn_arrivals.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const EVENTS = 200_000;
const DAY = 86_400_000;

const declared = declareArrivals({
  rate: diurnal({ rate: "50/s" }),
  disorder: { share: 0.05, maxDelay: "2s" },
});

/** Event times in order of arrival. */
function sampled(seed: number): Float64Array {
  const { times, delays } = new ArrivalSampler(declared, { seed: BigInt(seed) }).next(EVENTS);
  const order = new ArrivalOrder();
  order.push(times, delays);
  return order.finish().indices.map((index) => times[index]);
}

/** What one would write: candidates at the greatest rate, thinned; then sorted. */
function plain(): { time: number; late: number }[] {
  const events: { time: number; arrival: number; late: number }[] = [];
  const greatest = 0.09;
  for (let time = 0; events.length < EVENTS;) {
    time -= Math.log(1 - Math.random()) / greatest;
    const rate = 0.05 * (1 + 0.8 * Math.cos(2 * Math.PI * (time / DAY - 14 / 24)));
    if (Math.random() * greatest > rate) continue;
    const delay = Math.random() < 0.05 ? Math.random() * 2000 : 0;
    events.push({ time: Math.floor(time), arrival: time + delay, late: 0 });
  }
  events.sort((a, b) => a.arrival - b.arrival);
  let newest = -Infinity;
  for (const event of events) {
    event.late = Math.max(0, newest - event.time);
    newest = Math.max(newest, event.time);
  }
  return events;
}

async function rows(): Promise<BenchRow[]> {
  let seed = 0;
  const real = sampled(0);
  return [
    await compare({
      name: "200,000 diurnal events in order of arrival with their lateness, against plain objects",
      contender: () => sampled(seed++).length,
      baseline: () => plain().length,
      target: 2,
    }),
    await compare({
      name: "learning how 200,000 events arrive, against drawing as many as plain objects",
      contender: () => (learnArrivals(real), EVENTS),
      baseline: () => plain().length,
      rounds: 3,
    }),
  ];
}

/** How fast arrivals are drawn and learned. */
export const group: BenchGroup = { name: "arrivals of streams", rows };
