import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CustomWatermarks, RecordBatch, schema, TumblingWindow, types as t } from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { WatermarkFeed } from "../src/stream/watermark_feed.ts";

const COLUMNS = schema({ at: t.timestamp });
const fine = new CustomWatermarks({ create: () => ({ onEvent: (time) => time }) });

/** The pieces that rows are cut to when every row moves the watermark. */
function cut(times: readonly (number | null)[], size: number) {
  const feed = new WatermarkFeed({ strategy: fine }, {
    partitions: 1,
    runtime: new SimulatedRuntime(),
  });
  const window = new TumblingWindow({ size });
  const batch = RecordBatch.fromRows(times.map((at) => ({ at })), { schema: COLUMNS }) as unknown;
  return feed.cut({
    length: times.length,
    tell: () => undefined,
    partition: 0,
    time: (batch as RecordBatch).columnAt(0),
    nextEnd: (time, watermark) => window.endOf(time) > watermark ? window.endOf(time) : Infinity,
  });
}

Deno.test("Pieces of one watermark find the same rows late as a watermark for each row", () => {
  const times = fc.array(fc.option(fc.integer({ min: -50, max: 50 })), { maxLength: 80 });
  fc.assert(fc.property(times, fc.integer({ min: 1, max: 20 }), (times, size) => {
    const window = new TumblingWindow({ size });
    let watermark = -Infinity;
    const expected = times.map((at) => {
      const isLate = at !== null && window.endOf(at) <= watermark;
      if (at !== null) watermark = Math.max(watermark, at);
      return isLate;
    });
    const cuts = cut(times, size);
    const found = cuts.flatMap(({ start, end, watermark }) =>
      times.slice(start, end).map((at) => at !== null && window.endOf(at) <= watermark)
    );
    assertEquals(found, expected);
    const late = expected.filter((isLate) => isLate).length;
    assert(cuts.length <= late + 1, `${cuts.length} pieces for ${late} late rows`);
    assertEquals(cuts.at(-1)?.watermarkAfter ?? -Infinity, watermark);
  }));
});

Deno.test("Rows that are not late stay in one piece, however often the watermark moves", () => {
  const times = Array.from({ length: 10_000 }, (_, n) => n);
  assertEquals(cut(times, 5).map(({ start, end }) => [start, end]), [[0, 10_000]]);
});
