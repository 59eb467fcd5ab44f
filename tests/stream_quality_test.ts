import { assert, assertEquals, assertRejects } from "@std/assert";
import { RecordBatch, schema, types as t } from "@waggle/stream";
import { QualityError, qualityReport } from "@waggle/stream/quality";
import { Random } from "./support/random.ts";

const EVENTS = schema({ ts: t.timestamp, sensor: t.dict, value: t.f64 });

interface Settings {
  /** Mean time between events, ms. */
  readonly gap: number;
  /** The share of events that come late. */
  readonly late: number;
  /** How many keys there are. */
  readonly keys: number;
}

/** Events by chance, in the order in which they come. */
function someEvents(seed: number, { gap, late, keys }: Settings, count = 2000): RecordBatch {
  const random = new Random(seed);
  let time = 1_700_000_000_000;
  const events = Array.from({ length: count }, () => {
    time += Math.ceil(-gap * Math.log(1 - random.next()));
    const key = Math.floor(keys * random.next() ** 2);
    const delay = random.chance(late) ? 20 * gap * random.next() : 0;
    return { at: time + delay, ts: time, sensor: `s${seed}-${key}`, value: random.next() };
  });
  events.sort((a, b) => a.at - b.at);
  return RecordBatch.fromRows(events.map(({ ts, sensor, value }) => ({ ts, sensor, value })), {
    schema: EVENTS,
  }) as RecordBatch;
}

const SETTINGS = { gap: 1000, late: 0.1, keys: 20 };
const options = { time: "ts", key: "sensor" };

Deno.test("qualityReport() of a stream finds one of the same kind alike, whatever its keys are called", async () => {
  const report = await qualityReport(someEvents(1, SETTINGS), someEvents(2, SETTINGS), options);
  const { interArrival, lateness, late, keys, rateHours } = report.scores.stream!;
  for (const distance of [interArrival, lateness, keys!.frequencies, keys!.gaps, keys!.sessions]) {
    assert(distance < 0.08, String(report));
  }
  assert(Math.abs(late.real - late.synthetic) < 0.03 && rateHours.length === 24);
  assertEquals(report.scores.columns.map(({ kind }) => kind), ["key", "key", "number"]);
  assert(String(report).includes("times between events"));
  assert(report.toHtml().includes("<h2>As a stream</h2>"));
});

Deno.test("qualityReport() of a stream sees other rates, lateness and keys, each by itself", async () => {
  const real = someEvents(1, SETTINGS);
  const of = async (other: Partial<Settings>) =>
    (await qualityReport(real, someEvents(2, { ...SETTINGS, ...other }), options)).scores.stream!;
  const slower = await of({ gap: 1600 });
  assert(slower.interArrival > 0.15 && slower.keys!.frequencies < 0.08);
  const late = await of({ late: 0.5 });
  assert(late.lateness > 0.2 && late.interArrival < 0.08);
  assert(late.late.synthetic > 0.3 && late.late.real < 0.15);
  const keys = await of({ keys: 200 });
  assert(keys.keys!.frequencies > 0.3 && keys.interArrival < 0.08);
});

Deno.test("qualityReport() of a stream of nothing but times and keys has only its distances", async () => {
  const bare = (seed: number) =>
    RecordBatch.fromRows(
      someEvents(seed, SETTINGS, 300).toRows().map(({ ts, sensor }) => ({ ts, sensor })),
      { schema: schema({ ts: t.timestamp, sensor: t.dict }) },
    );
  const report = await qualityReport(bare(1), bare(2), { ...options, holdout: bare(3) });
  assert(Number.isNaN(report.scores.c2st.score) && Number.isNaN(report.overall));
  assert(report.scores.stream!.interArrival < 0.15);
  assert(report.toHtml().includes("No column has a score"));
});

Deno.test("qualityReport() says what is no stream", async () => {
  const rows = someEvents(1, SETTINGS, 50);
  const fails = (given: object, words: string) =>
    assertRejects(() => qualityReport(rows, rows, given), Error, words);
  await fails({ time: "sensor" }, "times must be timestamps");
  await fails({ time: "when" }, `no column "when"`);
  await fails({ key: "sensor" }, "say by time which column");
  await fails({ ...options, sessionGap: "soon" }, "sessionGap");
  await fails({ ...options, maxRows: 40 }, "set maxRows to more");
  const untimed = RecordBatch.fromRows([{ ts: null, sensor: "a", value: 1 }], { schema: EVENTS });
  await assertRejects(
    () => qualityReport(rows, untimed, options),
    QualityError,
    "row 0 of the synthetic",
  );
});
