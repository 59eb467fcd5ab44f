import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  CumulatingWindow,
  CustomWatermarks,
  RecordBatch,
  schema,
  SlidingWindow,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { WindowShape } from "../src/kernel/window_shape.ts";
import type { WindowExtent } from "../src/kernel/window_types.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { WatermarkFeed } from "../src/stream/watermark_feed.ts";
import { windowsAt } from "./support/window_oracle.ts";

const COLUMNS = schema({ at: t.timestamp });
const fine = new CustomWatermarks({ create: () => ({ onEvent: (time) => time }) });

/** The pieces that rows are cut to when every row moves the watermark. */
function cut(times: readonly (number | null)[], window: WindowExtent) {
  const feed = new WatermarkFeed({ strategy: fine }, {
    partitions: 1,
    runtime: new SimulatedRuntime(),
  });
  const shape = new WindowShape(window);
  const batch = RecordBatch.fromRows(times.map((at) => ({ at })), { schema: COLUMNS }) as unknown;
  return feed.cut({
    length: times.length,
    tell: () => undefined,
    partition: 0,
    time: (batch as RecordBatch).columnAt(0),
    nextEnd: (time, watermark) => shape.nextEnd(time, watermark),
    alone: false,
  });
}

Deno.test("Pieces of one watermark put rows into the same windows as a watermark for each row", () => {
  const times = fc.array(fc.option(fc.integer({ min: -50, max: 50 })), { maxLength: 80 });
  const length = fc.integer({ min: 1, max: 20 });
  const windows = fc.oneof(
    length.map((size) => new TumblingWindow({ size })),
    fc.record({ size: length, slide: length }).map((given) => new SlidingWindow(given)),
    fc.record({ step: length, steps: length })
      .map(({ step, steps }) => new CumulatingWindow({ size: step * steps, step })),
  );
  fc.assert(fc.property(times, windows, (times, window) => {
    const openAt = (at: number | null, watermark: number) =>
      at === null ? [] : windowsAt(window, at).filter(({ end }) => end > watermark);
    let [watermark, late] = [-Infinity, 0];
    const expected = times.map((at) => {
      const open = openAt(at, watermark);
      if (at !== null && open.length < windowsAt(window, at).length) late++;
      if (at !== null) watermark = Math.max(watermark, at);
      return open;
    });
    const cuts = cut(times, window);
    const found = cuts.flatMap(({ start, end, watermark }) =>
      times.slice(start, end).map((at) => openAt(at, watermark))
    );
    assertEquals(found, expected);
    assert(cuts.length <= late + 1, `${cuts.length} pieces for ${late} rows behind an end`);
    assertEquals(cuts.at(-1)?.watermarkAfter ?? -Infinity, watermark);
  }));
});

Deno.test("Rows that are not late stay in one piece, however often the watermark moves", () => {
  const times = Array.from({ length: 10_000 }, (_, n) => n);
  assertEquals(cut(times, new TumblingWindow({ size: 5 })).map(({ start, end }) => [start, end]), [[
    0,
    10_000,
  ]]);
});
