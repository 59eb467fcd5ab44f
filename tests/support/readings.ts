import { Random } from "./random.ts";

/** What a sensor tells. */
export interface Reading {
  readonly at: number;
  readonly sensor: string;
  readonly site: string;
  readonly celsius: number;
  readonly state: string;
  readonly n: number;
}

const STATES = ["idle", "busy", "broken"];

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/**
 * Readings of sensors, some of which tell more often than others (Zipf), at random times. Each has a
 * site, a temperature that drifts about a level of its own, and a state that seldom changes.
 */
export function readings(count: number, { seed, keys }: { seed: number; keys: number }): Reading[] {
  const random = new Random(seed);
  let sum = 0;
  const sums = Float64Array.from({ length: keys }, (_, k) => sum += (k + 1) ** -1.1);
  const sensors = Array.from({ length: keys }, () => ({
    level: normal(random),
    drift: normal(random),
    state: random.below(3),
  }));
  let at = 1.7e12;
  return Array.from({ length: count }, (_, n) => {
    at += Math.ceil(-Math.log(1 - random.next()) * 500);
    const place = random.next() * sum;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] <= place) low = middle + 1;
      else high = middle;
    }
    const sensor = sensors[low];
    sensor.drift = 0.85 * sensor.drift + Math.sqrt(1 - 0.85 ** 2) * normal(random);
    if (random.chance(0.1)) sensor.state = random.below(3);
    return {
      at,
      sensor: `s-${String(low).padStart(4, "0")}`,
      site: "ABCDE"[low % 5],
      celsius: Math.round(200 + 50 * sensor.level + 50 * sensor.drift) / 10,
      state: STATES[sensor.state],
      n: n + 1,
    };
  });
}

/** Sensors and how many readings each has, the most first. */
export function countsOf(rows: readonly Reading[]): [sensor: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { sensor } of rows) counts.set(sensor, (counts.get(sensor) ?? 0) + 1);
  return Array.from(counts).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** The greatest distance of the distribution functions of two samples (Kolmogorov, Smirnov). */
export function distance(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()];
  let [i, j, most] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i], y[j]);
    while (i < x.length && x[i] <= value) i++;
    while (j < y.length && y[j] <= value) j++;
    most = Math.max(most, Math.abs(i / x.length - j / y.length));
  }
  return most;
}

/** How a column goes on within sensors of 30 readings and more, and which share is between them. */
export function autocorrelation(rows: readonly Reading[], column: "celsius" | "state") {
  const of = (row: Reading) => column === "celsius" ? row.celsius : STATES.indexOf(row.state);
  const bySensor = new Map<string, number[]>();
  for (const row of [...rows].sort((a, b) => a.at - b.at)) {
    const values = bySensor.get(row.sensor);
    if (values) values.push(of(row));
    else bySensor.set(row.sensor, [of(row)]);
  }
  const long = [...bySensor.values()].filter(({ length }) => length >= 30);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const all = mean(long.flat());
  let [product, within, between] = [0, 0, 0];
  for (const values of long) {
    const own = mean(values);
    between += values.length * (own - all) ** 2;
    values.forEach((value, i) => {
      within += (value - own) ** 2;
      if (i > 0) product += (value - own) * (values[i - 1] - own);
    });
  }
  return { within: product / within, between: between / (within + between) };
}
