import { assertEquals } from "@std/assert";
import {
  col,
  collect,
  count,
  countDistinct,
  CumulatingWindow,
  from,
  highest,
  last,
  type SemanticsOptions,
  SessionWindow,
  SlidingWindow,
  struct,
  sum,
  TumblingWindow,
} from "../mod.ts";
import { PipelineDriver } from "../src/testing/mod.ts";

// Whole programs of other engines' documentation and examples, written for pipelines, with the rows
// and the results that are printed there. What single windows and triggers do is in
// `semantics_test.ts`.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Where rows are late when they are more than a second behind, as in the tables of Flink. */
const SECOND = { maxDisorder: "1s" } as const;

/** A time of a day, in ms. */
function at(date: string, time: string): number {
  return Date.parse(`${date}T${time}Z`);
}

/** The time of day of a moment, as tables print it. */
function clock(ms: number | null): string {
  return new Date(ms!).toISOString().slice(11, 16);
}

/** Bounds of a window as tables print them. */
function span({ windowStart, windowEnd }: { windowStart: number; windowEnd: number }): string {
  return `${clock(windowStart)} ${clock(windowEnd)}`;
}

async function linesOf<Row>(rows: AsyncIterable<Row>, line: (row: Row) => string) {
  return (await Array.fromAsync(rows)).map(line);
}

// apache/flink, docs/content/docs/dev/table/sql/queries/window-topn.md and
// window-deduplication.md, table `Bid`.
const SUPPLIED = ([
  ["08:05", 4, "A", "supplier1"],
  ["08:06", 4, "C", "supplier2"],
  ["08:07", 2, "G", "supplier1"],
  ["08:08", 2, "B", "supplier3"],
  ["08:09", 5, "D", "supplier4"],
  ["08:11", 2, "B", "supplier3"],
  ["08:13", 1, "E", "supplier1"],
  ["08:15", 3, "H", "supplier2"],
  ["08:17", 6, "F", "supplier5"],
] as const).map(([time, price, item, supplier]) => {
  return { bidtime: `2020-04-15 ${time}:00`, price, item, supplier };
});

// window-agg.md and window-tvf.md have other bids.
const BIDS = ([
  ["08:05", 4, "C", "supplier1"],
  ["08:07", 2, "A", "supplier1"],
  ["08:09", 5, "D", "supplier2"],
  ["08:11", 3, "B", "supplier2"],
  ["08:13", 1, "E", "supplier1"],
  ["08:17", 6, "F", "supplier2"],
] as const).map(([time, price, item, supplier]) => {
  return { bidtime: `2020-04-15 ${time}:00`, price, item, supplier };
});

Deno.test("Flink's Window Top-N: the three suppliers with the highest sales of every ten minutes", async () => {
  const supplied = struct({
    supplier: col<string>("supplier"),
    price: col<number>("price"),
    cnt: col<number>("cnt"),
  });
  for (const workers of [1, 2]) {
    const sales = from(SUPPLIED, { workers }).timestamps("bidtime", SECOND)
      .keyBy("supplier")
      .window(new TumblingWindow({ size: "10m" }))
      .aggregate({ price: sum("price"), cnt: count() })
      .window(new TumblingWindow({ size: "10m" }))
      .aggregate({ best: highest(supplied, "price", { n: 3 }) })
      .flatMap(({ windowStart, windowEnd, best }) =>
        best.map(({ supplier, price, cnt }, n) => {
          return { windowStart, windowEnd, supplier, price, cnt, rownum: n + 1 };
        })
      );
    const lines = await linesOf(
      sales,
      (row) => `${span(row)} ${row.supplier} ${row.price} ${row.cnt} ${row.rownum}`,
    );
    assertEquals(lines, [
      "08:00 08:10 supplier1 6 2 1",
      "08:00 08:10 supplier4 5 1 2",
      "08:00 08:10 supplier2 4 1 3",
      "08:10 08:20 supplier5 6 1 1",
      "08:10 08:20 supplier2 3 1 2",
      "08:10 08:20 supplier3 2 1 3",
    ]);
  }
});

Deno.test("Flink's Window Top-N of rows, and Window Deduplication", async () => {
  const perTen = from(SUPPLIED, { workers: 2 }).timestamps("bidtime", SECOND)
    .window(new TumblingWindow({ size: "10m" }));
  const best = perTen.aggregate({ items: highest("item", "price", { n: 3 }) });
  assertEquals(await linesOf(best, (row) => `${span(row)} ${row.items.join(" ")}`), [
    "08:00 08:10 D A C",
    "08:10 08:20 F H B",
  ]);
  const latest = perTen.reduce((a, b) => b.bidtime! >= a.bidtime! ? b : a, { as: "bid" });
  assertEquals(
    await linesOf(latest, ({ bid }) => `${clock(bid!.bidtime)} ${bid!.price} ${bid!.item}`),
    ["08:09 5 D", "08:17 6 F"],
  );
});

Deno.test("Flink's GROUPING SETS: the sums of each supplier and of all", async () => {
  const bids = from(BIDS, { workers: 2 }).timestamps("bidtime", SECOND);
  const price = { price: sum("price") };
  const each = bids.keyBy("supplier").window(new TumblingWindow({ size: "10m" })).aggregate(price);
  const all = bids.window(new TumblingWindow({ size: "10m" })).aggregate(price);
  assertEquals(await linesOf(all, (row) => `${span(row)} ${row.price}`), [
    "08:00 08:10 11",
    "08:10 08:20 10",
  ]);
  assertEquals(await linesOf(each, (row) => `${span(row)} ${row.supplier} ${row.price}`), [
    "08:00 08:10 supplier1 6",
    "08:00 08:10 supplier2 5",
    "08:10 08:20 supplier1 1",
    "08:10 08:20 supplier2 9",
  ]);
});

Deno.test("Flink's cascading windows: ten minutes of the sums of five, per supplier", async () => {
  const cascade = from(BIDS, { workers: 1 }).timestamps("bidtime", SECOND)
    .keyBy("supplier")
    .window(new TumblingWindow({ size: "5m" }))
    .aggregate({ partial: sum("price") })
    .window(new TumblingWindow({ size: "10m" }))
    .aggregate({ total: sum("partial") });
  assertEquals(await linesOf(cascade, (row) => `${span(row)} ${row.total}`), [
    "08:00 08:10 11",
    "08:10 08:20 10",
  ]);
});

Deno.test("Flink's CUMULATE gives each row in all its windows", async () => {
  const items = from(BIDS, { workers: 2 }).timestamps("bidtime", SECOND)
    .window(new CumulatingWindow({ size: "10m", step: "2m" }))
    .aggregate({ items: collect("item") });
  assertEquals(await linesOf(items, (row) => `${span(row)} ${row.items.join("")}`), [
    "08:00 08:06 C",
    "08:00 08:08 CA",
    "08:00 08:10 CAD",
    "08:10 08:12 B",
    "08:10 08:14 BE",
    "08:10 08:16 BE",
    "08:10 08:18 BEF",
    "08:10 08:20 BEF",
  ]);
});

Deno.test("Flink's window offsets: which ten minutes hold 00:00:04", () => {
  const starts = { "-16m": "23:54", "-6m": "23:54", "-4m": "23:56", "4m": "23:54", "6m": "23:56" };
  const time = at("2021-06-30", "00:00:04");
  const cases = { ...starts, "16m": "23:56", "0s": "00:00" };
  for (const [offset, start] of Object.entries(cases)) {
    const driver = new PipelineDriver(
      from([{ time }]).timestamps("time")
        .window(new TumblingWindow({ size: "10m", offset: offset as "4m" }))
        .aggregate({ n: count() }),
    );
    driver.pipe([{ time }]);
    driver.end();
    assertEquals(driver.results().map(({ windowStart }) => clock(windowStart)), [start], offset);
  }
});

// risingwavelabs/risingwave-docs, processing/sql/time-windows.mdx: its aggregations go by the times
// that the tables of `tumble()` and `hop()` print.
const TRIPS = [
  ...([["22:00:00", 4], ["22:01:00", 6], ["22:02:10", 3]] as const),
  ...([["22:03:00", 7], ["22:05:00", 2], ["22:06:00", 8]] as const),
].map(([time, distance]) => ({ completed_at: `2022-07-01 ${time}`, distance }));

Deno.test("RisingWave's tumble() and hop(): trips and distances of two minutes", async () => {
  const trips = from(TRIPS, { workers: 2 }).timestamps("completed_at");
  const sums = { trips: count("distance"), total: sum("distance") };
  const tumble = trips.window(new TumblingWindow({ size: "2m" })).aggregate(sums);
  const line = (row: { windowStart: number; windowEnd: number; trips: number; total: unknown }) =>
    `${span(row)} ${row.trips} ${row.total}`;
  assertEquals(await linesOf(tumble, line), [
    "22:00 22:02 2 10",
    "22:02 22:04 2 10",
    "22:04 22:06 1 2",
    "22:06 22:08 1 8",
  ]);
  const hop = trips.window(new SlidingWindow({ size: "2m", slide: "1m" })).aggregate(sums);
  assertEquals(await linesOf(hop, line), [
    "21:59 22:01 1 4",
    "22:00 22:02 2 10",
    "22:01 22:03 2 9",
    "22:02 22:04 2 10",
    "22:03 22:05 1 7",
    "22:04 22:06 1 2",
    "22:05 22:07 2 10",
    "22:06 22:08 1 8",
  ]);
});

Deno.test("RisingWave's sessions end with their last row, and count different products", async () => {
  const views = [
    ...([[1, 1001, "22:00:00"], [1, 1002, "22:01:00"], [1, 1001, "22:03:00"]] as const),
    ...([[1, 1003, "22:10:00"], [2, 1003, "22:05:00"], [2, 1006, "22:05:30"]] as const),
  ].map(([user, product, time]) => ({ user, product, viewed_at: `2022-07-01 ${time}` }));
  const sessions = from(views, { workers: 2, semantics: { like: "flink", sessionEnd: "last" } })
    .timestamps("viewed_at", { maxDisorder: "10m" })
    .keyBy("user")
    .window(new SessionWindow({ gap: "5m" }))
    .aggregate({ products: countDistinct("product"), last: last("viewed_at") });
  const lines = await linesOf(
    sessions,
    (row) => `${row.user} ${span(row)} ${clock(row.last)} ${row.products}`,
  );
  assertEquals(lines.toSorted(), [
    "1 22:00 22:03 22:03 2",
    "1 22:10 22:10 22:10 1",
    "2 22:05 22:05 22:05 2",
  ]);
});

// bytewax/bytewax, docs/articles/concepts/windowing.md
Deno.test("Bytewax's session windows of half an hour end with their last row", async () => {
  const times = ["00:00", "00:10", "00:15", "00:50", "01:00", "01:30"];
  const rows = times.map((time) => ({ time: `2023-12-14 ${time}:00` }));
  // The picture has the last value, exactly a gap after the one before, in a session of its own.
  const semantics: SemanticsOptions = { like: "beam", sessionEnd: "last" };
  const sessions = from(rows, { workers: 1, semantics }).timestamps("time")
    .window(new SessionWindow({ gap: "30m" }))
    .aggregate({ n: count() });
  assertEquals(await linesOf(sessions, (row) => `${span(row)} ${row.n}`), [
    "00:00 00:15 3",
    "00:50 01:00 2",
    "01:30 01:30 1",
  ]);
});

Deno.test("Bytewax's sliding windows with gaps drop the values in these", async () => {
  const times = ["00:00", "00:59", "01:00", "01:29", "01:30", "03:59", "04:00"];
  const rows = times.map((time) => ({ time: `2023-12-14 ${time}:00` }));
  const hours = from(rows, { workers: 1 }).timestamps("time")
    .window(new SlidingWindow({ size: "1h", slide: "90m" }))
    .aggregate({ n: count() });
  assertEquals(await linesOf(hours, (row) => `${span(row)} ${row.n}`), [
    "00:00 01:00 2",
    "01:30 02:30 1",
    "03:00 04:00 1",
  ]);
  assertEquals(hours.metrics().filtered, 3);
});

// apache/spark, docs/streaming/apis-on-dataframes-and-datasets.md, "Window Operations on Event Time"
const WORDS = [
  ...([["12:02", "cat"], ["12:02", "dog"], ["12:03", "dog"], ["12:03", "dog"]] as const),
  ...([["12:07", "owl"], ["12:07", "cat"], ["12:11", "dog"], ["12:13", "owl"]] as const),
].map(([time, word]) => ({ time: `2024-01-01 ${time}:00`, word }));

Deno.test("Spark's windowed counts of words in ten minutes, every five", async () => {
  const counts = from(WORDS, { workers: 2 }).timestamps("time")
    .keyBy("word")
    .window(new SlidingWindow({ size: "10m", slide: "5m" }))
    .aggregate({ n: count() });
  const lines = await linesOf(counts, (row) => `${span(row)} ${row.word} ${row.n}`);
  assertEquals(lines.filter((line) => !line.startsWith("11:55")), [
    "12:00 12:10 cat 2",
    "12:00 12:10 dog 3",
    "12:00 12:10 owl 1",
    "12:05 12:15 cat 1",
    "12:05 12:15 dog 1",
    "12:05 12:15 owl 2",
    "12:10 12:20 dog 1",
    "12:10 12:20 owl 1",
  ]);
});

Deno.test("Spark's watermark of ten minutes takes the late cat and leaves the donkey out", () => {
  const words = from([{ time: 0, word: "" }]).timestamps("time", { maxDisorder: "10m" })
    .keyBy("word")
    .window(new SlidingWindow({ size: "10m", slide: "5m" }))
    .aggregate({ n: count() });
  const driver = new PipelineDriver(words);
  const pipe = (...rows: [time: string, word: string][]) =>
    driver.pipe(rows.map(([time, word]) => ({ time: at("2024-01-01", `${time}:00`), word })));
  pipe(["12:14", "dog"], ["12:09", "cat"]);
  assertEquals(driver.results(), []);
  pipe(["12:21", "owl"]); // the watermark is at 12:11, and clears the window from 12:00 to 12:10
  const lines = driver.results().map((row) => `${span(row)} ${row.word} ${row.n}`);
  assertEquals(lines, ["12:00 12:10 cat 1"]);
  pipe(["12:04", "donkey"]);
  assertEquals(driver.late().map(({ record }) => record.word), ["donkey"]);
});

// T. Akidau, S. Chernyak, R. Lax, "Streaming Systems" (2018), table 2-1
Deno.test("Streaming Systems' accumulation modes: what its two panes hold, and come to", () => {
  const modes = {
    discarding: ["3", "9"],
    accumulating: ["3", "12"],
    retracting: ["3", "-3", "12"],
  } as const;
  for (const [panes, expected] of Object.entries(modes)) {
    const scores = from([{ time: 0, score: 0 }], { semantics: "beam" }).timestamps("time")
      .window(new TumblingWindow({ size: "2m" }))
      .trigger({ panes: panes as "retracting", every: "1m", clock: "processing" })
      .aggregate({ score: sum("score") });
    const driver = new PipelineDriver(scores);
    driver.pipe([{ time: 10, score: 3 }]);
    driver.advanceTime("1m");
    driver.pipe([{ time: 20, score: 8 }, { time: 15, score: 1 }]);
    driver.end();
    const lines = driver.results().map((row) =>
      `${"rowKind" in row && row.rowKind === "updateBefore" ? "-" : ""}${row.score}`
    );
    assertEquals(lines, [...expected], panes);
  }
});

// apache/beam, examples/java, org.apache.beam.examples.complete.game.LeaderBoardTest

const TEAMS = { navy: "blue", sky: "blue", scarlet: "red", burgundy: "red" } as const;

/** A score of a user, minutes after the start. */
function scored(user: keyof typeof TEAMS, score: number, minutes: number) {
  return { at: minutes * MINUTE, user, team: TEAMS[user] as string, score };
}

/** Scores of teams in windows of 20 minutes, kept for an hour, with panes after five minutes. */
function leaderBoard() {
  const teams = from([scored("navy", 0, 0)], {
    semantics: "beam",
    lateData: "update",
    allowedLateness: "1h",
  }).timestamps("at", { maxDisorder: 1000 * HOUR })
    .keyBy("team")
    .window(new TumblingWindow({ size: "20m" }))
    .trigger({ every: "5m", clock: "processing" })
    .aggregate({ total: sum("score") });
  const driver = new PipelineDriver(teams);
  const panes = () =>
    driver.results().map(({ team, total, paneTiming }) => `${team} ${total} ${paneTiming}`);
  return { driver, panes };
}

Deno.test("Beam's LeaderBoard gives the scores of teams on time", () => {
  const { driver, panes } = leaderBoard();
  driver.pipe([scored("navy", 3, 0.05), scored("navy", 2, 1), scored("burgundy", 3, 0.3)]);
  driver.pipe([scored("sky", 5, 3)]);
  driver.advanceWatermark(3 * MINUTE);
  driver.pipe([scored("scarlet", 1, 4), scored("navy", 2, 4.5)]);
  driver.end();
  assertEquals(panes().toSorted(), ["blue 12 onTime", "red 4 onTime"]);
});

Deno.test("Beam's LeaderBoard gives speculative panes before those on time", () => {
  const { driver, panes } = leaderBoard();
  driver.pipe([scored("navy", 3, 0.05), scored("navy", 2, 1)]);
  driver.advanceTime("10m");
  driver.pipe([scored("burgundy", 5, 3)]);
  driver.advanceTime("12m");
  driver.pipe([scored("sky", 3, 0.3)]);
  driver.advanceTime("10m");
  assertEquals(panes(), ["blue 5 early", "red 5 early", "blue 8 early"]);
  driver.pipe([scored("scarlet", 4, 4), scored("sky", 2, 2)]);
  driver.end();
  assertEquals(panes().toSorted(), ["blue 10 onTime", "red 9 onTime"]);
});

Deno.test("Beam's LeaderBoard takes what is late, but not for its window, on time", () => {
  const { driver, panes } = leaderBoard();
  driver.pipe([scored("navy", 3, 0.05), scored("sky", 5, 8), scored("scarlet", 4, 2)]);
  driver.pipe([scored("navy", 3, 5)]);
  driver.advanceWatermark(19 * MINUTE);
  driver.pipe([scored("burgundy", 2, 0), scored("burgundy", 5, 1), scored("sky", 2, 1.5)]);
  driver.pipe([scored("burgundy", 3, 3)]);
  driver.advanceWatermark(21 * MINUTE);
  driver.end();
  assertEquals(panes().toSorted(), ["blue 13 onTime", "red 14 onTime"]);
});

Deno.test("Beam's LeaderBoard takes what comes within an hour of the end into late panes", () => {
  const { driver, panes } = leaderBoard();
  driver.pipe([scored("navy", 3, 0.05), scored("sky", 5, 8)]);
  driver.advanceTime("10m");
  driver.advanceWatermark(3 * MINUTE);
  driver.pipe([scored("scarlet", 3, 1), scored("scarlet", 4, 2), scored("navy", 3, 5)]);
  driver.advanceWatermark(79 * MINUTE);
  assertEquals(panes().toSorted(), ["blue 11 onTime", "blue 8 early", "red 7 onTime"]);
  driver.pipe([scored("burgundy", 2, 0), scored("burgundy", 5, 1), scored("burgundy", 3, 3)]);
  driver.advanceTime("12m");
  driver.pipe([scored("burgundy", 9, 1), scored("burgundy", 1, 3)]);
  driver.end();
  // Panes come with each late row here, there ten minutes after the first: 17 and 27.
  assertEquals(panes(), ["red 9 late", "red 14 late", "red 17 late", "red 26 late", "red 27 late"]);
});

Deno.test("Beam's LeaderBoard drops what comes more than an hour after the end", () => {
  const { driver, panes } = leaderBoard();
  driver.pipe([scored("navy", 12, 0), scored("scarlet", 3, 0)]);
  driver.advanceWatermark(20 * MINUTE - 1);
  driver.pipe([scored("scarlet", 4, 2), scored("sky", 3, 0), scored("navy", 3, 3)]);
  driver.advanceWatermark(20 * MINUTE);
  driver.advanceWatermark(81 * MINUTE);
  driver.pipe([scored("sky", 3, 19.9), scored("scarlet", 7, 4)]);
  driver.end();
  assertEquals(panes().toSorted(), ["blue 18 onTime", "red 7 onTime"]);
  assertEquals(driver.metrics().late, 2);
});

// apache/beam, examples/java, org.apache.beam.examples.complete.game.HourlyTeamScoreTest and
// UserScoreTest
Deno.test("Beam's HourlyTeamScore and UserScore leave bad lines out and add up the others", async () => {
  const [first, second] = [1447955630000, 1447965690000];
  const lines = [
    ["user0_MagentaKangaroo", 3, first],
    ["user13_ApricotQuokka", 15, first],
    ["user6_AmberNumbat", 11, first],
    ["user7_AlmondWallaby", 15, first],
    ["user7_AndroidGreenKookaburra", 12, first],
    ["user6_AliceBlueDingo", 4, "xxxxxxx"],
    ["user7_AndroidGreenKookaburra", 11, first],
    ["THIS IS A PARSE ERROR"],
    ["user19_BisqueBilby", 6, first],
    ["user19_BisqueBilby", 8, first],
    ["user13_BisqueBilby", "xxx", first],
    ["user0_MagentaKangaroo", 4, second],
  ].map((fields) => ({ line: fields.join() }));
  const events = from(lines, { workers: 2, badRecords: "skip" })
    .map(({ line }) => {
      const [user, score, time] = line.split(",");
      const event = { user, team: user.split("_")[1], score: Number(score), time: Number(time) };
      if (!Number.isInteger(event.score) || !Number.isInteger(event.time)) throw new Error(line);
      return event;
    });
  const users = events.timestamps("time")
    .filter(col<number>("time").lt(second))
    .keyBy("user")
    .window(new TumblingWindow({ size: "1h" }))
    .aggregate({ total: sum("score") });
  assertEquals(await linesOf(users, ({ user, total }) => `${user} ${total}`), [
    "user0_MagentaKangaroo 3",
    "user13_ApricotQuokka 15",
    "user19_BisqueBilby 14",
    "user6_AmberNumbat 11",
    "user7_AlmondWallaby 15",
    "user7_AndroidGreenKookaburra 23",
  ]);
  assertEquals(users.metrics().skipped, 3);
});
