import {
  count,
  diurnal,
  from,
  RecordBatch,
  schema,
  SyntheticGenerator,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import {
  interArrivalDistance,
  latenessDistance,
  rateDistance,
} from "../src/generators/arrival/arrival_distance.ts";
import { ArrivalOrder } from "../src/generators/arrival/arrival_order.ts";
import { ArrivalSampler } from "../src/generators/arrival/arrival_sampler.ts";
import { declareArrivals } from "../src/generators/arrival/declare_arrivals.ts";
import { learnArrivals } from "../src/generators/arrival/learn_arrivals.ts";
import { type BenchGroup, type BenchRow, compare, verdict } from "./support/bench.ts";

const EVENTS = 200_000;
const DAY = 86_400_000;

const declared = declareArrivals({
  rate: diurnal({ rate: "50/s" }),
  disorder: { share: 0.05, maxDelay: "2s" },
});

/** Event times in order of arrival. */
function sampled(seed: number, arrivals = declared): Float64Array {
  const { times, delays } = new ArrivalSampler(arrivals, { seed: BigInt(seed) }).next(EVENTS);
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

/** A twin of two declared days, learned from their events. */
async function twinOfDays() {
  const rate = diurnal({ rate: EVENTS / (2 * DAY / 1000) });
  const arrivals = declareArrivals({ rate, disorder: { share: 0.05, maxDelay: "2s" } });
  const real = sampled(1, arrivals);
  const rows = Array.from(real, (at, n) => ({ at, level: n % 10 }));
  const batch = RecordBatch.fromRows(rows, { schema: schema({ at: t.timestamp, level: t.i32 }) });
  const twin = await SyntheticGenerator.fit([batch], { time: "at", model: "independent" });
  return { real, twin };
}

/** Late records of a pipeline over a twin, and how many there truly are. */
async function lateCounts(twin: SyntheticGenerator<{ at: number }>): Promise<[number, number]> {
  const [size, bound] = [10_000, 500];
  const sample = twin.sample(EVENTS, { seed: 3, lateness: "lateMs" });
  let truth = 0;
  for (const { at, lateMs } of sample as Iterable<{ at: number; lateMs: number }>) {
    if ((Math.floor(at / size) + 1) * size <= at + lateMs - bound) truth++;
  }
  const windows = from(sample.batches(), { workers: 2 })
    .timestamps("at", { maxDisorder: bound })
    .window(new TumblingWindow({ size }))
    .aggregate({ n: count() });
  for await (const _ of windows);
  return [windows.metrics().late, truth];
}

/** What a twin must reach. */
async function reach(): Promise<BenchRow[]> {
  const { real, twin } = await twinOfDays();
  const batch = twin.sample(4 * EVENTS, { seed: 2 }).toBatch();
  const made = Float64Array.from(batch.column("at").values as BigInt64Array, Number);
  const gaps = interArrivalDistance(real, made);
  const late = latenessDistance(real, made);
  const most = (name: string, value: number, limit: number) =>
    verdict(`${name}, at most ${limit}`, { reached: value <= limit, rate: value, unit: "" });
  const [found, truth] = await lateCounts(twin as never);
  return [
    most("a twin of 200,000 events: KS in times between events", gaps.overall, 0.05),
    most("the same within the worst hour of the day", Math.max(...gaps.hours), 0.05),
    most("KS in the lateness of late records", late.late, 0.05),
    most("KS in the lateness of all records", late.overall, 0.05),
    most("difference in rate in the worst hour", Math.max(...rateDistance(real, made)), 0.1),
    most(
      "late records of a pipeline, against those that truly are late",
      Math.abs(found - truth),
      0,
    ),
  ];
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
    ...await reach(),
  ];
}

/** How fast arrivals are drawn and learned. */
export const group: BenchGroup = { name: "arrivals of streams", rows };
