import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  bursts,
  constant,
  diurnal,
  poisson,
  ramp,
  type RateModel,
  sine,
  square,
  varying,
} from "../mod.ts";
import type { Arrivals } from "../src/generators/arrival/arrivals.ts";
import { ArrivalOrder } from "../src/generators/arrival/arrival_order.ts";
import { ArrivalSampler } from "../src/generators/arrival/arrival_sampler.ts";
import {
  type ArrivalOptions,
  declareArrivals,
} from "../src/generators/arrival/declare_arrivals.ts";
import { RatePace } from "../src/generators/arrival/rate_pace.ts";
import { forSeeds, type Random } from "./support/random.ts";

const HOUR = 3_600_000;
const MONDAY = Date.UTC(2026, 0, 5);

function randomRate(random: Random): RateModel {
  return random.pick([
    () => constant(random.pick(["100/s", "3/m", 0.5])),
    () => poisson(random.pick(["500/s", "1/h", 7])),
    () => diurnal({ rate: "2/m", amplitude: random.next(), days: [1, 1, 1, 1, 1, 0, 0.5] }),
    () => bursts({ base: 0, peak: "50/s", every: "10m", length: "20s" }),
    () => sine({ low: 0, high: "5/s", period: "1m" }),
    () => square({ low: 0, high: "50/s", period: random.pick(["1m", 1]) }),
    () => ramp({ from: 0, to: "10/s", over: "10m" }),
    () => varying((ms) => 5 + ms % 7, { over: "10s", step: "10ms", repeats: true }),
  ])();
}

function randomArrivals(random: Random): Arrivals {
  return declareArrivals({
    rate: randomRate(random),
    disorder: random.pick([undefined, { share: 0.2, maxDelay: "1m" }, {
      share: 1,
      maxDelay: "1s",
    }]),
    grid: random.pick(["1ms", "1s", "250ms"]),
    start: MONDAY + random.below(7 * 24 * HOUR),
  });
}

function timesOf(options: ArrivalOptions, count: number, seed = 1n): Float64Array {
  return new ArrivalSampler(declareArrivals(options), { seed }).next(count).times;
}

Deno.test("event i depends on arrivals, seed and i alone, wherever a sampler was before", () => {
  forSeeds(40, (random, seed) => {
    const arrivals = randomArrivals(random);
    const whole = new ArrivalSampler(arrivals, { seed: BigInt(seed) }).next(20_000);
    const sampler = new ArrivalSampler(arrivals, { seed: BigInt(seed) });
    for (let round = 0; round < 20; round++) {
      if (random.chance(0.5)) sampler.seek(random.below(15_000));
      const first = sampler.position;
      const count = random.below(Math.min(6000, 20_001 - first));
      const part = sampler.next(count);
      assertEquals(part.times, whole.times.slice(first, first + count));
      assertEquals(part.delays, whole.delays.slice(first, first + count));
    }
  });
});

Deno.test("a sampler goes back and forth over places that it remembers", () => {
  const arrivals = declareArrivals({
    rate: bursts({ base: "1/s", peak: "50/s", every: "10m", length: "20s" }),
  });
  const at = [0, 1_500_000, 700_000, 1_500_000, 3, 262_144, 262_143];
  const one = new ArrivalSampler(arrivals, { seed: 3n });
  for (const event of at) {
    one.seek(event);
    const other = new ArrivalSampler(arrivals, { seed: 3n });
    other.seek(event);
    assertEquals(one.next(10), other.next(10));
  }
});

Deno.test("times ascend, begin at the start and are on the grid", () => {
  forSeeds(40, (random, seed) => {
    const arrivals = randomArrivals(random);
    const { times, delays } = new ArrivalSampler(arrivals, { seed: BigInt(seed) }).next(5000);
    const { step, offset } = arrivals.grid;
    assert(arrivals.start - times[0] < step && times[0] <= arrivals.start);
    assert(times.every((time, at) => (time - offset) % step === 0 && !(times[at - 1] > time)));
    const most = arrivals.disorder.edges.at(-1)!;
    assert(delays.every((delay) => delay >= 0 && delay <= most));
  });
});

Deno.test("constant events are at equal distances", () => {
  const times = timesOf({ rate: constant("300/s"), start: 0 }, 3001);
  assertEquals([times[0], times[3], times[300], times[3000]], [0, 10, 1000, 10_000]);
  assertEquals(times[1], 3);
});

Deno.test("Poisson events have exponential distances", () => {
  const times = timesOf({ rate: poisson("10/s"), start: 0 }, 100_001);
  const gaps = times.slice(1).map((time, at) => time - times[at]).sort();
  const worst = gaps.reduce((most, gap, at) => {
    const expected = 1 - Math.exp(-(gap + 0.5) / 100);
    return Math.max(most, Math.abs(expected - (at + 0.5) / gaps.length));
  }, 0);
  assert(worst < 0.012, `${worst}`); // 2.3 / sqrt(n), and ties of whole ms
});

Deno.test("diurnal events follow the hour and the day by their formula", () => {
  const rate = diurnal({ rate: "1/s", amplitude: 0.6, peak: "15h", days: [2, 1, 1, 1, 1, 1, 0] });
  const times = timesOf({ rate, start: MONDAY }, 610_000);
  const counts = new Float64Array(7 * 24);
  for (const time of times) counts[Math.floor((time - MONDAY) / HOUR)]++;
  counts.slice(0, 168).forEach((count, hour) => {
    const angle = (at: number) => 2 * Math.PI * (at - 15) / 24;
    const swing = 1 +
      0.6 * 12 / Math.PI * (Math.sin(angle(hour + 1)) - Math.sin(angle(hour)));
    const expected = 3600 * swing * [2, 1, 1, 1, 1, 1, 0][Math.floor(hour / 24)];
    if (hour > 160) return; // the last of them may lie before that
    const error = 5 * Math.sqrt(expected) + 1;
    assert(Math.abs(count - expected) < error, `${hour}: ${count}, not ${expected}`);
  });
});

/** How many times lie in each of so many parts of a length. */
function parts(times: Float64Array, length: number, count: number): number[] {
  const counts = Array<number>(count).fill(0);
  for (const time of times) {
    const at = Math.floor(time / length * count);
    if (at < count) counts[at]++;
  }
  return counts;
}

Deno.test("a square, a sine and a ramp have the rates of their formulas", () => {
  const minute = 60_000;
  const near = (counts: number[], expected: (part: number) => number) => {
    counts.forEach((count, part) => {
      const mean = expected(part);
      const message = `part ${part}: ${count}, not ${mean}`;
      assert(Math.abs(count - mean) < 5 * Math.sqrt(mean) + 1, message);
    });
  };
  const high = square({ low: "10/s", high: "100/s", period: "1m", share: 0.25 });
  const jumps = timesOf({ rate: high, start: 0 }, 5000);
  near(parts(jumps, minute, 12), (part) => 5 * (part < 3 ? 100 : 10));
  const swings = timesOf({ rate: sine({ low: 0, high: "200/s", period: "1m" }), start: 0 }, 9000);
  const angle = (part: number) => 2 * Math.PI * part / 12;
  near(parts(swings, minute, 12), (part) => {
    return 500 - 6000 / (2 * Math.PI) * (Math.sin(angle(part + 1)) - Math.sin(angle(part)));
  });
  const rises = timesOf({ rate: ramp({ from: 0, to: "100/s", over: "1m" }), start: 7777 }, 9000)
    .map((time) => time - 7777);
  near(parts(rises, 2 * minute, 24), (part) => part < 12 ? 500 * (part + 0.5) / 12 : 500);
});

Deno.test("a varying rate is that of its function, once or again and again", () => {
  const tent = (ms: number) => ms < 30_000 ? ms / 100 : "30/s";
  const counts = (repeats: boolean, start: number) => {
    const rate = varying(tent, { over: "1m", repeats });
    return parts(timesOf({ rate, start }, 20_000).map((time) => time - start), 120_000, 8);
  };
  const expected = [1125, 3375, 450, 450];
  const near = (got: number[], wanted: number[]) =>
    got.forEach((count, part) => {
      const message = `part ${part}: ${count}, not ${wanted[part]}`;
      assert(Math.abs(count - wanted[part]) < 5 * Math.sqrt(wanted[part]), message);
    });
  near(counts(false, 7777), [...expected, 450, 450, 450, 450]);
  near(counts(true, 120_000), [...expected, ...expected]);
});

Deno.test("a pace tells when events are due, in whatever order they are asked for", () => {
  forSeeds(20, (random, seed) => {
    const rate = randomRate(random);
    const start = random.below(1e9);
    const times = new ArrivalSampler(declareArrivals({ rate, start }), { seed: BigInt(seed) })
      .next(30_000).times;
    const pace = new RatePace(rate, { seed: BigInt(seed), start });
    for (let round = 0; round < 50; round++) {
      const count = 1 + random.below(30_000);
      assertEquals(pace.dueMs(count), times[count - 1] - start);
    }
  });
});

Deno.test("bursts have their rates, and last as long as they should", () => {
  const rate = bursts({ base: "1/s", peak: "200/s", every: "100s", length: "10s" });
  const times = timesOf({ rate, start: 0 }, 1_000_000);
  const seconds = new Float64Array(Math.floor(times.at(-1)! / 1000));
  for (const time of times) seconds[Math.floor(time / 1000)]++;
  const busy = seconds.map((count) => count > 100 ? 1 : 0);
  const begun = busy.filter((each, at) => each === 1 && busy[at - 1] === 0).length;
  const total = busy.reduce((sum, each) => sum + each, 0);
  assert(Math.abs(seconds.length / begun / 100 - 1) < 0.25, `every ${seconds.length / begun} s`);
  assert(Math.abs(total / begun / 10 - 1) < 0.25, `for ${total / begun} s`);
});

Deno.test("events arrive in the order of their arrival, with their lateness", () => {
  forSeeds(60, (random, seed) => {
    const arrivals = randomArrivals(random);
    const count = random.below(3000);
    const sampler = new ArrivalSampler(arrivals, { seed: BigInt(seed) });
    const order = new ArrivalOrder();
    const all = { times: [] as number[], delays: [] as number[] };
    const got = { indices: [] as number[], lateness: [] as number[], arrivals: [] as number[] };
    const keep = (events: ReturnType<ArrivalOrder["take"]>) => {
      got.indices.push(...events.indices);
      got.lateness.push(...events.lateness);
      got.arrivals.push(...events.arrivals);
    };
    while (all.times.length < count) {
      const { times, delays } = sampler.next(Math.min(count - all.times.length, random.below(500)));
      all.times.push(...times);
      all.delays.push(...delays);
      order.push(times, delays);
      if (random.chance(0.7)) keep(order.take());
    }
    keep(order.finish());
    const moment = (at: number) => all.times[at] + all.delays[at];
    const expected = Array.from(all.times, (_, at) => at)
      .sort((a, b) => moment(a) - moment(b) || a - b);
    assertEquals(got.indices, expected);
    assertEquals(got.arrivals, expected.map(moment));
    let newest = -Infinity;
    for (let at = 0; at < count; at++) {
      const time = all.times[expected[at]];
      assertEquals(got.lateness[at], Math.max(0, newest - time));
      newest = Math.max(newest, time);
    }
  });
});

Deno.test("what cannot be an arrival is refused, saying why", () => {
  const refused = (make: () => unknown, Class: typeof TypeError, ...texts: string[]) => {
    const { message } = assertThrows(make, Class);
    for (const text of texts) assert(message.includes(text), message);
  };
  refused(() => poisson("fast"), TypeError, '"500/s"', '"fast"');
  refused(() => poisson(-1), RangeError, "-1");
  refused(() => constant("0/s"), RangeError, '"0/s"');
  refused(() => diurnal({ rate: 1, amplitude: 2 }), RangeError, "0 to 1", "received 2");
  refused(() => diurnal({ rate: 1, days: [1, 2] }), RangeError, "seven", "[1, 2]");
  refused(() => diurnal({ rate: 1, peek: 3 } as never), TypeError, "did you mean peak");
  refused(() => diurnal({ rate: 1, peak: "25h" }), RangeError, "24h", "25h");
  refused(
    () => bursts({ base: 1, peak: 2, every: "2s", length: "2s" }),
    RangeError,
    "shorter",
    "2s, received 2s",
  );
  refused(
    () => square({ low: 1, high: 2, period: "1m", share: 1 }),
    RangeError,
    "share",
    "received 1",
  );
  refused(() => ramp({ from: 1, to: 0, over: "1m" }), RangeError, "to");
  const over = { over: "1m" };
  refused(() => varying(5 as never, over), TypeError, "a function of time", "received 5");
  refused(() => varying(() => -1, over), RangeError, "the rate at 30 ms", "received -1");
  refused(() => varying(() => NaN, over), TypeError, "the rate at 30 ms");
  refused(() => varying((ms) => ms < 9 ? 1 : 0, over), RangeError, "0 at the end");
  refused(() => varying(() => 1, { ...over, step: 0 }), RangeError, "step");
  refused(() => varying(() => 1, { over: "1d", step: "1ms" }), RangeError, "86400000 of them");
  refused(() => declareArrivals({}), TypeError, "needs a rate");
  refused(() => declareArrivals({ rate: "5/s" as never }), TypeError, "poisson()", '"5/s"');
  const declared = (rest: object) => () => declareArrivals({ rate: poisson(1), ...rest });
  const { levels } = bursts({ base: 0, peak: 1, every: "2ms", length: "1ms" });
  refused(declared({ rate: { ...diurnal({ rate: 1 }), levels } }), TypeError, "too often");
  refused(declared({ disorder: { share: 5 } }), RangeError, "share", "received 5");
  refused(declared({ disorder: { share: 0.5 } }), TypeError, "maxDelay");
  refused(declared({ disorder: { share: 0.5, maxDelay: "soon" } }), TypeError, "maxDelay");
  refused(declared({ grid: 0 }), RangeError, "grid");
  refused(declared({ start: new Date(NaN) }), RangeError, "invalid date");
  refused(declared({ rat: 1 }), TypeError, "did you mean rate");
  refused(
    declared({ rate: bursts({ base: 0, peak: "1/d", every: "10s", length: "1s" }) }),
    TypeError,
    "bursts",
  );
});

Deno.test("events that descend, or are delayed by less than nothing, are refused", () => {
  const order = new ArrivalOrder();
  order.push(Float64Array.of(5, 5), Float64Array.of(0, 1));
  assertThrows(() => order.push(Float64Array.of(4), Float64Array.of(0)), RangeError, "4 after 5");
  assertThrows(() => order.push(Float64Array.of(6), Float64Array.of(-1)), RangeError, "by -1");
});
