import { assert, assertEquals, assertThrows } from "@std/assert";
import { poisson, SyntheticGenerator, zipf } from "../mod.ts";

Deno.test("fromSchema() declares a stream: event times, keys by their shares, and disorder", async () => {
  const generator = SyntheticGenerator.fromSchema({
    time: "at",
    key: "sensor",
    columns: {
      n: { sequence: { start: 10, step: 5 } },
      sensor: { pattern: "S-####" },
      celsius: { normal: { mean: 20, deviation: 5 }, decimals: 1 },
    },
    arrival: {
      rate: poisson("100/s"),
      disorder: { share: 0.1, maxDelay: "2s" },
      keys: zipf(300, 1),
      start: Date.UTC(2026, 2, 1),
    },
  });
  assertEquals(generator.schema.fields.map(({ name }) => name), ["at", "n", "sensor", "celsius"]);
  const rows = generator.sample(30_000, { seed: 2, lateness: "late" }).toRows();
  assertEquals(rows.slice(0, 3).map(({ n }) => n), [10, 15, 20]);
  const counts = [...Map.groupBy(rows, ({ sensor }) => sensor).values()].map((of) => of.length)
    .sort((a, b) => b - a);
  assertEquals(counts.length, 300);
  assert(Math.abs(counts[0] / counts[9] / 10 - 1) < 0.2);
  const [first] = rows;
  assertEquals(first.at, Date.UTC(2026, 2, 1));
  const last = rows.reduce((most, { at }) => Math.max(most, at), 0);
  assert(Math.abs((last - first.at) / 300_000 - 1) < 0.05);
  const late = rows.filter((row) => (row as unknown as { late: number }).late > 0).length;
  assert(late > 2500 && late < 3100, `${late} late`);
  assert(Math.abs(rows.reduce((sum, { celsius }) => sum + celsius, 0) / 30_000 - 20) < 0.2);
  const loaded = await SyntheticGenerator.load(generator.toBytes());
  assertEquals(
    loaded.sample(5000, { seed: 3 }).toRows(),
    generator.sample(5000, { seed: 3 }).toRows(),
  );
});

Deno.test("fromSchema() takes keys from values with weights, and looks columns up by them", () => {
  const generator = SyntheticGenerator.fromSchema({
    time: "at",
    key: "city",
    columns: {
      city: { values: { Rome: 6, Milan: 3, Paris: 1 } },
      country: { by: "city", lookup: { Paris: "FR" }, otherwise: "IT" },
      level: { values: ["a", "b"] },
      code: { by: "level", lookup: { a: 1 }, otherwise: 2 },
    },
    arrival: { rate: poisson("1/s") },
  });
  const rows = generator.sample(9000).toRows();
  assert(rows.every(({ city, country }) => country === (city === "Paris" ? "FR" : "IT")));
  assert(rows.every(({ level, code }) => code === (level === "a" ? 1 : 2)));
  const share = rows.filter(({ city }) => city === "Rome").length / rows.length;
  assert(Math.abs(share - 0.6) < 0.03, `${share}`);
});

Deno.test("fromSchema() refuses streams that cannot be, saying what to do", () => {
  const columns = {
    id: { sequence: true },
    x: { uniform: [0, 1] },
    s: { values: ["a", "b"] },
  } as const;
  const arrival = { rate: poisson("1/s") };
  const refused = (spec: object, ...texts: string[]) => {
    const error = assertThrows(
      () => SyntheticGenerator.fromSchema({ columns, time: "at", arrival, ...spec } as never),
      Error,
    );
    for (const text of texts) assert(error.message.includes(text), error.message);
  };
  refused({ arrival: {} }, "rate", "poisson");
  refused({ time: "x" }, '"x"', "leave that out");
  refused({ time: undefined }, "arrival is about a stream");
  refused({ key: "y" }, '"y"');
  refused({ key: "id" }, '"id"', "zipf(");
  refused({ key: "x" }, '"x"', "pattern");
  refused({ key: "s", arrival: { ...arrival, keys: zipf(3) } }, "3 keys", "2 values");
  refused({ arrival: { ...arrival, keys: zipf(3) } }, "arrival.keys", "key:");
});
