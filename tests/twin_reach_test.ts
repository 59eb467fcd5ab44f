import { assert } from "@std/assert";
import { diurnal, RecordBatch, SyntheticGenerator, types as t, zipf } from "../mod.ts";
import { columnOf } from "../src/batch/column_of.ts";
import { interArrivalDistance, ksDistance } from "../src/generators/arrival/arrival_distance.ts";
import { keyAutocorrelation, keyDistances } from "../src/generators/entities/key_distance.ts";
import { Random } from "./support/random.ts";

const EVENTS = 200_000;
const KEYS = 10_000;
const MEMORIES = { celsius: 0.9, volts: 0.6 };

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** A declared stream whose sensors go on from what they told last. */
function declaredStream(): RecordBatch {
  const declared = SyntheticGenerator.fromSchema({
    time: "at",
    key: "sensor",
    columns: { sensor: { pattern: "s-####", type: t.dict } },
    arrival: {
      rate: diurnal({ rate: "2/s" }),
      disorder: { share: 0.05, maxDelay: "20s" },
      keys: zipf(KEYS, 1.1),
    },
  });
  const batch = declared.sample(EVENTS, { seed: 1, lateness: "late" }).toBatch();
  const { times, keys } = eventsOf(batch as never);
  const random = new Random(4);
  const order = Uint32Array.from(times, (_, at) => at).sort((a, b) => times[a] - times[b] || a - b);
  const columns = Object.entries(MEMORIES).map(([name, memory]) => {
    const states = Array.from({ length: KEYS }, () => [normal(random), normal(random)]);
    const values = new Float64Array(EVENTS);
    for (const at of order) {
      const state = states[keys[at]];
      state[1] = memory * state[1] + Math.sqrt(1 - memory ** 2) * normal(random);
      values[at] = Math.round(200 + 30 * state[0] + 40 * state[1]) / 10;
    }
    return { field: { name, type: t.f64 }, column: columnOf(t.f64, values) };
  });
  const fields = [...batch.schema.fields, ...columns.map(({ field }) => field)];
  const all = [...batch.columns, ...columns.map(({ column }) => column)];
  return new RecordBatch({ fields }, all, EVENTS);
}

function numbers(batch: RecordBatch, name: string): Float64Array {
  return Float64Array.from(batch.column(name).values as Float64Array, Number);
}

function eventsOf(batch: RecordBatch) {
  return { times: numbers(batch, "at"), keys: batch.column("sensor").values as Int32Array };
}

Deno.test("a twin of 200,000 declared events has their keys, gaps, times, lateness and autocorrelations", async () => {
  const real = declaredStream();
  const learned = real.select(["at", "sensor", "celsius", "volts"]);
  const twin = await SyntheticGenerator.fit([learned], {
    time: "at",
    key: "sensor",
    model: "independent",
    seed: 1,
  });
  const made = twin.sample(EVENTS, { seed: 2, lateness: "late" }).toBatch() as never as RecordBatch;
  const [a, b] = [eventsOf(real), eventsOf(made)];
  const near = (what: string, distance: number, most = 0.05) =>
    assert(distance <= most, `${what}: ${distance}`);
  const { frequencies, counts, gaps, sessions } = keyDistances(a, b);
  Object.entries({ frequencies, counts, gaps, sessions }).forEach(([of, distance]) =>
    near(of, distance)
  );
  near("times between events", interArrivalDistance(a.times, b.times).overall);
  near("lateness", ksDistance(numbers(real, "late"), numbers(made, "late")));
  for (const name of Object.keys(MEMORIES)) {
    const [was, is] = [real, made].map((of, at) =>
      keyAutocorrelation([a, b][at], numbers(of, name))
    );
    near(`${name} from one event to the next, ${was.lag}`, Math.abs(was.lag - is.lag));
    near(`${name} between keys, ${was.level}`, Math.abs(was.level - is.level), 0.06);
  }
});
