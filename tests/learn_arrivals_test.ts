import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { bursts, constant, diurnal, poisson, ramp, TrainingDataError } from "../mod.ts";
import {
  interArrivalDistance,
  ksDistance,
  latenessDistance,
  latenessOf,
  rateDistance,
} from "../src/generators/arrival/arrival_distance.ts";
import { ArrivalOrder } from "../src/generators/arrival/arrival_order.ts";
import { ArrivalSampler } from "../src/generators/arrival/arrival_sampler.ts";
import { readArrivals, writeArrivals } from "../src/generators/arrival/arrival_sections.ts";
import type { Arrivals, RateModel } from "../src/generators/arrival/arrivals.ts";
import {
  type ArrivalOptions,
  declareArrivals,
} from "../src/generators/arrival/declare_arrivals.ts";
import { learnArrivals } from "../src/generators/arrival/learn_arrivals.ts";
import { ModelFileError } from "../src/generators/generator_errors.ts";
import { SectionReader, SectionWriter } from "../src/generators/model/model_sections.ts";
import { forSeeds, type Random } from "./support/random.ts";

const HOUR = 3_600_000;
const DISORDER = { share: 0.05, maxDelay: "2s" };

/** Event times in order of arrival. */
function streamOf(arrivals: Arrivals, count: number, seed: bigint): Float64Array {
  const { times, delays } = new ArrivalSampler(arrivals, { seed }).next(count);
  const order = new ArrivalOrder();
  order.push(times, delays);
  return order.finish().indices.map((index) => times[index]);
}

interface Twins {
  readonly learned: Arrivals;
  readonly real: Float64Array;
  readonly twin: Float64Array;
}

/** A declared stream, what is learned of it, and a longer one by that. */
function twinsOf(options: ArrivalOptions, count: number): Twins {
  const real = streamOf(declareArrivals(options), count, 1n);
  const learned = learnArrivals(real);
  return { learned, real, twin: streamOf(learned, 4 * count, 2n) };
}

function most(values: readonly number[]): number {
  return Math.max(...values.filter((value) => !Number.isNaN(value)));
}

Deno.test("the twin of a diurnal stream has its rate, its times between events and its lateness", () => {
  // 200,000 events of two days; the expected rate of the quietest hour is a fifth of the mean
  const { real, twin, learned } = twinsOf(
    { rate: diurnal({ rate: 200_000 / (48 * 3600) }), disorder: DISORDER },
    200_000,
  );
  const gaps = interArrivalDistance(real, twin);
  assert(gaps.overall < 0.01, `${gaps.overall} over all`);
  assert(most(gaps.hours) < 0.05, `${gaps.hours}`);
  const late = latenessDistance(real, twin);
  assert(late.late < 0.03 && late.overall < 0.005, `${late.late} ${late.overall}`);
  assertAlmostEquals(late.shares[1], late.shares[0], 0.003);
  assert(most(rateDistance(real, twin)) < 0.1, `${rateDistance(real, twin)}`);
  assertAlmostEquals(learned.disorder.share, 0.05, 0.005);
});

Deno.test("the rate that is learned is that which was declared, hour by hour", () => {
  const rate = diurnal({ rate: "0.3/s", amplitude: 0.6, days: [1, 1, 1, 1, 1, 0.4, 0] });
  const declared = declareArrivals({ rate, start: Date.UTC(2026, 0, 5) });
  const { times } = new ArrivalSampler(declared, { seed: 1n }).next(360_000); // two weeks
  const slots = learnArrivals(times, { disorder: { share: 0 } }).rate.curve.rates;
  assertEquals(slots.length, 7 * 96);
  const mean = (rates: Float64Array, hour: number) => {
    const width = rates.length / 168;
    return rates.slice(hour * width, (hour + 1) * width).reduce((a, b) => a + b) / width;
  };
  for (let hour = 0; hour < 168; hour++) {
    const [declared, found] = [mean(rate.curve.rates, hour), mean(slots, hour)];
    assert(Math.abs(found - declared) <= 0.1 * declared, `hour ${hour}: ${found}, not ${declared}`);
  }
});

Deno.test("a Poisson stream is learned as one: at one rate, without states", () => {
  const { real, twin, learned } = twinsOf({ rate: poisson("50/s"), disorder: DISORDER }, 30_000);
  assertEquals(learned.rate.curve.rates.length, 1);
  assertEquals(learned.rate.gaps.kind === "chain" && learned.rate.gaps.states, 1);
  assert(interArrivalDistance(real, twin).overall < 0.01);
  assert(latenessDistance(real, twin).late < 0.04);
});

Deno.test("bursts are learned: the times between events, and how many come together", () => {
  const rate = bursts({ base: "5/s", peak: "200/s", every: "30s", length: "3s" });
  const { real, twin, learned } = twinsOf({ rate }, 50_000);
  assert(learned.rate.gaps.kind === "chain" && learned.rate.gaps.states >= 2);
  const perSecond = (times: Float64Array) => {
    const counts = new Float64Array(Math.ceil((times.at(-1)! - times[0] + 1) / 1000));
    for (const time of times) counts[Math.floor((time - times[0]) / 1000)]++;
    return counts;
  };
  assert(interArrivalDistance(real, twin).overall < 0.05);
  const distance = ksDistance(perSecond(real), perSecond(twin));
  assert(distance < 0.06, `${distance}`);
});

Deno.test("events at equal distances come back at these, whatever the grid", () => {
  for (const [rate, grid] of [["100/s", "1ms"], ["3/s", "1ms"], ["10/s", "1s"], ["1/m", "1s"]]) {
    const { real, twin } = twinsOf({ rate: constant(rate), grid, disorder: DISORDER }, 5000);
    assertEquals(interArrivalDistance(real, twin).overall < 0.001, true, `${rate} by ${grid}`);
  }
});

Deno.test("times on whole seconds stay there, with as many events at one time", () => {
  const cases = [poisson("20/s"), poisson("1/s"), diurnal({ rate: "2/s", amplitude: 0.5 })];
  for (const rate of cases) {
    const { real, twin, learned } = twinsOf({ rate, grid: "1s", disorder: DISORDER }, 40_000);
    assertEquals(learned.grid, { step: 1000, offset: 0 });
    assert(twin.every((time) => time % 1000 === 0));
    assert(ksDistance(atOneTime(real), atOneTime(twin.slice(0, real.length))) < 0.03);
    assert(interArrivalDistance(real, twin.slice(0, real.length)).overall < 0.03);
  }
});

/** How many events there are at each time at which there are any. */
function atOneTime(times: Float64Array): Float64Array {
  const counts = new Map<number, number>();
  for (const time of times) counts.set(time, (counts.get(time) ?? 0) + 1);
  return Float64Array.from(counts.values());
}

Deno.test("events that are sent together come together", () => {
  const { times } = new ArrivalSampler(declareArrivals({ rate: poisson("1/s") }), { seed: 4n })
    .next(4000);
  const real = Float64Array.from({ length: 20_000 }, (_, at) => times[Math.floor(at / 5)]);
  const twin = streamOf(learnArrivals(real), 20_000, 2n);
  assertAlmostEquals(new Set(twin).size / 4000, 1, 0.1);
  assert(interArrivalDistance(real, twin).overall < 0.02);
});

Deno.test("delays that are not uniform are learned too, and none is longer than any was", () => {
  const declared = declareArrivals({ rate: poisson("5/s") });
  const disorder = {
    share: 0.3,
    edges: Float64Array.of(0, 1000, 9000, 10_000),
    weights: Float64Array.of(0.6, 0, 0.4),
  };
  const real = streamOf({ ...declared, disorder }, 50_000, 1n);
  const learned = learnArrivals(real);
  const twin = streamOf(learned, 200_000, 2n);
  const { late, shares } = latenessDistance(real, twin);
  assert(late < 0.03, `${late}`);
  assertAlmostEquals(shares[1], shares[0], 0.01);
  const greatest = (times: Float64Array) => latenessOf(times).reduce((a, b) => Math.max(a, b));
  assert(greatest(twin) <= greatest(real));
});

Deno.test("a time of day at which nothing ever comes stays empty", () => {
  const { times } = new ArrivalSampler(declareArrivals({ rate: poisson("0.1/s") }), { seed: 1n })
    .next(100_000);
  const open = (time: number) => time % (24 * HOUR) >= 8 * HOUR && time % (24 * HOUR) < 18 * HOUR;
  const twin = streamOf(learnArrivals(times.filter(open)), 50_000, 2n);
  assert(twin.every(open));
});

Deno.test("the distance of even times is no grid for another rate, but whole seconds are one", () => {
  const even = Float64Array.from({ length: 100 }, (_, n) => n * 1000);
  assertEquals(learnArrivals(even, { rate: poisson("50/s") }).grid, { step: 1, offset: 0 });
  const some = even.filter((_, n) => n % 3 > 0);
  assertEquals(learnArrivals(some, { rate: poisson("50/s") }).grid, { step: 1000, offset: 0 });
});

Deno.test("few times are learned as far as they tell", () => {
  assertEquals(
    learnArrivals(Float64Array.of(1000, 3000)).rate.curve.rates,
    Float64Array.of(1 / 2000),
  );
  assertEquals(
    streamOf(learnArrivals(Float64Array.of(0, 10, 20)), 4, 1n),
    Float64Array.of(0, 10, 20, 30),
  );
  const times = streamOf(learnArrivals(Float64Array.of(5, 5, 5, 90)), 100, 1n);
  assert(times.every((time) => Number.isInteger(time)));
});

Deno.test("a clock that was wrong for a few records does not make a stream of years", () => {
  const times = streamOf(declareArrivals({ rate: poisson(5), disorder: DISORDER }), 5000, 1n);
  const wrong = times.map((time, at) => at === 2000 ? 0 : at === 3000 ? 4e12 : time);
  const [learned, plain] = [learnArrivals(wrong), learnArrivals(times)];
  assertEquals(learned.start, plain.start);
  assertAlmostEquals(learned.disorder.share, plain.disorder.share, 0.005);
  const span = (arrivals: Arrivals) => {
    const made = new ArrivalSampler(arrivals, { seed: 1n }).next(5000).times;
    return made[4999] - made[0];
  };
  assertAlmostEquals(span(learned) / span(plain), 1, 0.01);
});

Deno.test("what is declared is not learned", () => {
  const times = streamOf(declareArrivals({ rate: poisson(5), disorder: DISORDER }), 5000, 1n);
  const rate = constant("1/s");
  const learned = learnArrivals(times, { rate, disorder: { share: 0 }, grid: "1s", start: 5000 });
  assertEquals(learned, {
    rate,
    disorder: declareArrivals({ rate }).disorder,
    grid: { step: 1000, offset: 0 },
    start: 5000,
  });
});

Deno.test("times that tell nothing of arrivals are refused, saying why", () => {
  const refused = (times: number[], ...texts: string[]) => {
    const { message } = assertThrows(
      () => learnArrivals(Float64Array.from(times)),
      TrainingDataError,
    );
    for (const text of texts) assert(message.includes(text), message);
  };
  refused([], "no rows");
  refused([1, NaN], "row 1", "NaN");
  refused([7], "one row has an event time", "poisson");
  refused([7, 7, 7], "3 rows", "one event time", "poisson");
  const random = streamOf(declareArrivals({ rate: poisson(5) }), 100, 1n);
  refused([...random].reverse(), "order of arrival", "share: 0");
  const backwards = learnArrivals(Float64Array.from(random).reverse(), { disorder: { share: 0 } });
  assertEquals(backwards.disorder.share, 0);
});

function randomArrivals(random: Random): Arrivals {
  const rate: RateModel = random.pick([
    () => constant(5),
    () => diurnal({ rate: "1/s" }),
    () => ramp({ from: 0, to: "1/s", over: "1m" }),
    () => bursts({ base: "1/s", peak: "9/s", every: "1m", length: "2s" }),
  ])();
  const declared = declareArrivals({ rate, disorder: random.pick([undefined, DISORDER]) });
  return random.chance(0.5) ? declared : learnArrivals(streamOf(declared, 600, 1n));
}

Deno.test("what is known of arrivals is saved and loaded", () => {
  forSeeds(20, (random) => {
    const arrivals = randomArrivals(random);
    const to = new SectionWriter();
    const json = writeArrivals(to, arrivals);
    const from = new SectionReader(to.file({ arrivals: json }));
    assertEquals(readArrivals(from, from.header.arrivals), arrivals);
  });
});

/** The header with one of its plain values changed. */
function changed(random: Random, json: unknown): unknown {
  if (typeof json !== "object" || json === null) {
    return random.pick([0, 1, -1, 1e300, 0.5, 3, null, "", "chain", random.below(12)]);
  }
  const keys = Object.keys(json);
  const key = random.pick(keys);
  const value = (json as Record<string, unknown>)[key];
  return { ...json, [key]: changed(random, value) };
}

Deno.test("damaged arrivals are a clean error, or can be sampled", () => {
  let read = 0;
  forSeeds(200, (random) => {
    const to = new SectionWriter();
    const json = writeArrivals(to, randomArrivals(random));
    to.add(
      Float64Array.from({ length: random.below(5) }, () => random.next() * 10 ** random.below(20)),
    );
    const from = new SectionReader(to.file({ arrivals: changed(random, json) }));
    let arrivals;
    try {
      arrivals = readArrivals(from, from.header.arrivals);
    } catch (error) {
      if (error instanceof ModelFileError) return;
      throw error;
    }
    read++;
    try {
      streamOf(arrivals, 50, 1n);
    } catch (error) {
      assert(error instanceof RangeError && error.message.includes("beyond"), `${error}`);
    }
  });
  assert(read > 20, `${read}`);
});

Deno.test("distances are those of their definitions", () => {
  forSeeds(100, (random) => {
    const values = () =>
      Float64Array.from({ length: 1 + random.below(30) }, () => random.below(random.pick([3, 50])));
    const [a, b] = [values(), values()];
    const below = (all: Float64Array, limit: number) =>
      all.filter((each) => each <= limit).length / all.length;
    const expected = [...a, ...b].map((limit) => Math.abs(below(a, limit) - below(b, limit)));
    assertAlmostEquals(ksDistance(a, b), Math.max(...expected), 1e-12);
  });
  assertEquals(ksDistance(new Float64Array(), Float64Array.of(1)), NaN);
  assertEquals(latenessOf(Float64Array.of(5, 3, 9, 9, 2)), Float64Array.of(0, 2, 0, 0, 7));
  const steady = Float64Array.from({ length: 48 * 60 }, (_, n) => n * 60_000);
  const denser = Float64Array.from({ length: 48 * 120 }, (_, n) => n * 30_000);
  for (const distance of rateDistance(steady, denser)) assertAlmostEquals(distance, 1, 0.02);
  const { overall, hours, events } = interArrivalDistance(steady, denser);
  assertEquals([overall, hours, events[0]], [1, Array(24).fill(1), 120]);
  const ordered = Float64Array.of(0, 10, 5, 20);
  assertEquals(latenessDistance(ordered, Float64Array.of(0, 10, 20)), {
    late: NaN,
    overall: 0.25,
    shares: [0.25, 0],
  });
});
