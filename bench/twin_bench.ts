import { diurnal, RecordBatch, schema, SyntheticGenerator, types as t } from "../mod.ts";
import { randomOf } from "./support/shapes.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const ROWS = 48 * 4096;
const KEYS = 10_000;
const READINGS = schema({
  at: t.timestamp,
  sensor: t.dict,
  celsius: t.f64,
  volts: t.f64,
  state: t.dict,
});

const random = randomOf(11);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** What one would write: a stream of sensors that remember what they told last, as objects. */
function plain(count: number) {
  let sum = 0;
  const sums = Float64Array.from({ length: KEYS }, (_, key) => sum += (key + 1) ** -1.1);
  const sensors = Array.from({ length: KEYS }, () => ({ level: normal(), drift: normal() }));
  let at = 1.78e12;
  const rows = Array.from({ length: count }, () => {
    at -= 20 * Math.log(1 - random());
    const place = random() * sum;
    let [low, high] = [0, KEYS - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] <= place) low = middle + 1;
      else high = middle;
    }
    const sensor = sensors[low];
    sensor.drift = 0.9 * sensor.drift + Math.sqrt(0.19) * normal();
    return {
      arrival: at + (random() < 0.05 ? random() * 2000 : 0),
      at: Math.floor(at),
      sensor: `s-${String(low).padStart(4, "0")}`,
      celsius: Math.round(200 + 50 * (sensor.level + sensor.drift)) / 10,
      volts: 12 + normal() / 10,
      state: random() < 0.9 ? "ok" : "warm",
    };
  });
  return rows.sort((a, b) => a.arrival - b.arrival);
}

async function rows(): Promise<BenchRow[]> {
  const learned = plain(40_000).map(({ arrival: _, ...row }) => row);
  const batch = RecordBatch.fromRows(learned, { schema: READINGS as never });
  const model = "independent";
  const arrival = { rate: diurnal({ rate: "50/s" }), disorder: { share: 0.05, maxDelay: "2s" } };
  const twin = await SyntheticGenerator.fit([batch], { time: "at", key: "sensor", arrival, model });
  const only = await SyntheticGenerator.fit([batch], {
    model,
    columns: { at: { role: "ignore" } },
  });
  let seed = 0;
  const sampled = (of: { sample: typeof twin.sample }) => {
    let count = 0;
    for (const { length } of of.sample(ROWS, { seed: seed++ }).batches()) count += length;
    return count;
  };
  return [
    await compare({
      name: "a twin's records of 10,000 keys, 5 columns, against plain objects made by hand",
      contender: () => sampled(twin),
      baseline: () => plain(ROWS).length,
      target: 1,
    }),
    await compare({
      name: "a twin's records against rows that do not know of each other",
      contender: () => sampled(twin),
      baseline: () => sampled(only as never),
    }),
  ];
}

/** How fast twins of streams are sampled. */
export const group: BenchGroup = { name: "twins of streams", rows };
