import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  JsonEncoder,
  type JsonEncoderOptions,
  KernelMemoryError,
  RecordBatch,
  schema,
  types as t,
} from "@waggle/stream";
import { formatDate, formatTime, formatTimestamp } from "../src/batch/expressions/time.ts";
import type { Column } from "../src/batch/column.ts";
import { MixedTag } from "../src/batch/mixed.ts";
import type { Schema } from "../src/batch/schema.ts";
import { holds, schemaAndRows } from "./support/batches.ts";
import { randomFields, randomRow, randomText } from "./support/random_rows.ts";
import { forSeeds } from "./support/random.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function json(batch: RecordBatch<unknown>, options: JsonEncoderOptions = {}): string {
  using encoder = new JsonEncoder(options);
  return decoder.decode(encoder.encode(batch));
}

/** Holds a batch's JSON, of one array and of lines, to what `toJson` makes of its rows. */
function holdToRows(batch: RecordBatch<unknown>, encoders: readonly JsonEncoder[]): void {
  encoders.forEach((encoder, lines) => {
    const expected = batch.toJson({ lines: lines === 1 });
    const written = decoder.decode(encoder.encode(batch));
    if (written !== expected) assertStrictEquals(written, expected);
  });
}

function both(): JsonEncoder[] {
  return [new JsonEncoder(), new JsonEncoder({ lines: true })];
}

Deno.test("JsonEncoder writes what toJson() gives, for any schema", () => {
  const encoders = both();
  holds(schemaAndRows, ({ schema, rows }) => {
    holdToRows(RecordBatch.fromRows(rows, { schema }), encoders);
  });
});

Deno.test("JsonEncoder writes what toJson() gives, for 100,000 random rows", () => {
  const encoders = both();
  forSeeds(100, (random) => {
    const schema: Schema = { fields: randomFields(random, 1 + random.below(8)) };
    const rows = Array.from({ length: 1_000 }, () => randomRow(schema.fields, random));
    const batch = RecordBatch.fromRows(rows, { schema });
    holdToRows(batch, encoders);
    const start = random.below(900);
    holdToRows(batch.slice(start, start + random.below(100)), encoders);
  });
});

Deno.test("JsonEncoder writes any number of rows", () => {
  const encoders = both();
  const rows = Array.from({ length: 70_000 }, (_, row) => ({ row, text: "x".repeat(row % 40) }));
  const batch = RecordBatch.fromRows(rows);
  for (const length of [0, 1, 63, 64, 65, 255, 256, 257, 70_000]) {
    holdToRows(batch.slice(0, length), encoders);
  }
  holdToRows(RecordBatch.fromRows([{}, {}, {}], { schema: { fields: [] } }), encoders);
});

Deno.test("JsonEncoder escapes what JSON.stringify does, wherever it is in a text", () => {
  const encoders = both();
  const units = Array.from({ length: 0x300 }, (_, code) => String.fromCharCode(code));
  const texts = units.concat("\u2028", "\uffff", "😀", units.join(""));
  for (let at = 0; at < 70; at++) {
    const plain = "p".repeat(at);
    texts.push(`${plain}"`, `${plain}\u0001${plain}`, `${plain}é\\`, "\n".repeat(at));
  }
  const rows = texts.map((text) => ({ text, tag: text, ['k"\n']: text }));
  holdToRows(RecordBatch.fromRows(rows), encoders);
  const typed = { fields: [{ name: "tag", type: { kind: "dict" as const } }] };
  holdToRows(RecordBatch.fromRows(texts.map((tag) => ({ tag })), { schema: typed }), encoders);
});

Deno.test("JsonEncoder writes texts larger than its places, between small ones", () => {
  const encoders = both();
  forSeeds(1, (random) => {
    const rows = Array.from({ length: 300 }, (_, row) => ({
      row,
      text: row % 100 === 50 ? randomText(random).padEnd(1_000_000, '"\u0001x') : "small",
      blob: new Uint8Array(row === 150 ? 400_001 : row % 5).fill(row),
    }));
    holdToRows(RecordBatch.fromRows(rows), encoders);
  });
});

Deno.test("JsonEncoder prepares a dictionary once, and again when it is another one", () => {
  const encoders = both();
  const one = { fields: [{ name: "tag", type: { kind: "dict" as const } }] };
  for (const tags of [["a", "b"], ["b", "a", "c"], ["long ".repeat(30), null, 'q"']]) {
    const rows = Array.from({ length: 500 }, (_, row) => ({ tag: tags[row % tags.length] }));
    const batch = RecordBatch.fromRows(rows, { schema: one });
    for (const part of [batch, batch.slice(0, 2), batch.slice(100, 400)]) {
      holdToRows(part, encoders);
    }
  }
});

Deno.test("JsonEncoder writes batches smaller than their dictionary, whichever comes when", () => {
  const encoders = both();
  const tagged = { fields: [{ name: "tag", type: { kind: "dict" as const } }] };
  const all = ["a", "long ".repeat(30)].map((text) => {
    const rows = Array.from({ length: 300 }, (_, row) => ({
      tag: row % 11 === 0 ? null : `${text} "${row * 7 % 90}"`,
    }));
    return RecordBatch.fromRows(rows, { schema: tagged });
  });
  const [one, other] = all;
  // alone until its entries are prepared, then in turn, then the other until its own are
  for (const batch of [...Array(15).fill(one), ...all, ...all, ...Array(15).fill(other), one]) {
    for (const at of [0, 20, 270]) holdToRows(batch.slice(at, at + 20), encoders);
  }
});

function dictColumn(indices: readonly number[], entries: Column): Column {
  return {
    type: { kind: "dict" },
    length: indices.length,
    nullCount: 1,
    validity: Uint8Array.of(0b0110),
    values: Int32Array.from(indices),
    children: [entries],
  };
}

Deno.test("JsonEncoder writes whole numbers of any length beside those that are null", () => {
  const encoders = both();
  const edges = [0, 1, 9, 10, 9_999, 10_000, 99_999_999, 100_000_000, 2 ** 31 - 1];
  const counts = [...edges, ...edges.map((edge) => -edge), -(2 ** 31)];
  forSeeds(20, (random) => {
    const shape = {
      fields: (["i32", "timestamp"] as const).map((kind) => ({ name: kind, type: { kind } })),
    };
    const rows = Array.from({ length: 1 + random.below(300) }, () => ({
      i32: random.chance(0.3)
        ? null
        : random.chance(0.3)
        ? random.pick(counts)
        : Math.floor((random.next() - 0.5) * 10 ** random.below(10)) | 0,
      timestamp: random.chance(0.1)
        ? null
        : random.chance(0.5)
        ? 1_700_000_000_000 + random.below(3)
        : Math.floor((random.next() - 0.2) * 10 ** random.below(16)),
    }));
    holdToRows(RecordBatch.fromRows(rows, { schema: shape }), encoders);
  });
});

Deno.test("JsonEncoder writes timestamps of any size as the numbers that they are", () => {
  const safe = 2n ** 53n;
  const edges = [0n, 1n, 9_999n, 10_000n, 10_001n, 10n ** 15n, safe - 1n, safe, safe + 1n];
  const all = [...edges, safe - 10_000n, 2n ** 63n - 1n].flatMap((ms) => [ms, -ms, ms]);
  const values = BigInt64Array.from(all);
  const column: Column = { type: t.timestamp, length: values.length, nullCount: 0, values };
  const batch = new RecordBatch(schema({ at: t.timestamp }), [column], values.length);
  holdToRows(batch, both());
  const iso = all.map((ms) => ({ at: formatTimestamp(Number(ms)) ?? Number(ms) }));
  assertStrictEquals(json(batch, { times: "iso" }), JSON.stringify(iso));
});

Deno.test("JsonEncoder copies cells of a dictionary of any length", () => {
  const encoders = both();
  const shape = { fields: [{ name: "tag", type: { kind: "dict" as const } }] };
  for (const longest of [0, 15, 16, 17, 32, 100, 112, 113, 114, 200]) {
    const tags = Array.from(
      { length: longest + 1 },
      (_, at) => "é".repeat(at & 1) + "x".repeat(at),
    );
    const rows = Array.from(
      { length: 600 },
      (_, row) => ({ tag: row % 7 ? tags[row % tags.length] : null }),
    );
    holdToRows(RecordBatch.fromRows(rows, { schema: shape }), encoders);
  }
  const many = Array.from(
    { length: 20_000 },
    (_, row) => ({ tag: `a longer text that is number ${row}` }),
  );
  holdToRows(RecordBatch.fromRows(many, { schema: shape }), encoders);
});

Deno.test("JsonEncoder joins cells that follow each other, batch after batch", () => {
  const kinds = ["dict", "dict", "small", "zeros", "zeros", "number", "bool", "text"] as const;
  forSeeds(60, (random) => {
    const encoders = both();
    const columns = Array.from({ length: 1 + random.below(9) }, (_, at) => {
      const [kind, nulls] = [random.pick(kinds), random.chance(0.5) ? 0.2 : 0];
      const most = random.pick([1, 3, 7, 40, 900, 1024]);
      const words = Array.from({ length: most }, () => randomText(random));
      const valueOf = {
        dict: () => random.pick(words),
        small: () => random.below(most),
        zeros: () => random.chance(0.95) ? 0 : random.below(10 ** random.below(10)) - 5,
        number: () => random.below(2 ** 32) - 2 ** 31,
        bool: () => random.chance(0.5),
        text: () => randomText(random),
      }[kind];
      const type = { dict: "dict", bool: "bool", text: "utf8" }[kind as string] ?? "i32";
      return {
        field: { name: `column ${at}`.slice(0, 3 + random.below(9)) + at, type: { kind: type } },
        value: () => random.chance(nulls) ? null : valueOf(),
      };
    });
    const schema = { fields: columns.map(({ field }) => field) } as Schema;
    for (let round = 0; round < 2; round++) {
      const rows = Array.from(
        { length: random.pick([200, 300, 700]) },
        () => Object.fromEntries(columns.map(({ field, value }) => [field.name, value()])),
      );
      const batch = RecordBatch.fromRows(rows, { schema });
      for (const from of [0, 0, 3, 40, 0]) holdToRows(batch.slice(from), encoders);
    }
    for (const encoder of encoders) encoder[Symbol.dispose]();
  });
});

Deno.test("JsonEncoder minds no index below a null, and knows entries that are null", () => {
  const entries: Column = {
    type: { kind: "utf8" },
    length: 2,
    nullCount: 0,
    values: new TextEncoder().encode("onetwo"),
    offsets: Int32Array.of(0, 3, 6),
  };
  const withNull = { ...entries, nullCount: 1, validity: Uint8Array.of(1) };
  for (const children of [entries, withNull]) {
    const column = dictColumn([2_000_000_000, 1, 0], children);
    const batch = new RecordBatch(schema({ tag: t.dict }), [column], 3);
    holdToRows(batch, both());
  }
});

Deno.test("JsonEncoder writes paths as objects, where it is asked to", () => {
  const batch = RecordBatch.fromRows([
    { id: 1, "user.name": "ann", "at.x": 1.5, "user.home.city": "Oslo", "at.0": null },
    { id: 2, "user.name": null, "at.x": -0, "user.home.city": "Rome", "at.0": true },
  ]);
  assertEquals(
    json(batch, { nestPaths: true, lines: true }),
    '{"id":1,"user":{"name":"ann","home":{"city":"Oslo"}},"at":{"0":null,"x":1.5}}\n' +
      '{"id":2,"user":{"name":null,"home":{"city":"Rome"}},"at":{"0":true,"x":-0}}\n',
  );
  for (const names of [["a", "a.b"], ["a.b", "a"], ["a.b.c", "a.b"]]) {
    const row = Object.fromEntries(names.map((name) => [name, 1]));
    const clash = RecordBatch.fromRows([row]);
    assertThrows(() => json(clash, { nestPaths: true }), TypeError, "other columns make");
    assertStrictEquals(json(clash), clash.toJson());
  }
});

Deno.test("JsonEncoder leaves out a mixed value that JSON does not have", () => {
  const mixed = schema({ a: t.mixed, b: t.i32 });
  const rows = [{ a: 1, b: 1 }, { a: "x", b: null }, { a: [undefined], b: 2 }];
  holdToRows(RecordBatch.fromRows(rows, { schema: mixed }), both());
  // the second of these is undefined itself
  const column: Column = {
    type: { kind: "mixed" },
    length: 3,
    nullCount: 0,
    values: Uint8Array.of(MixedTag.true, MixedTag.undefined, MixedTag.null),
    offsets: Int32Array.of(0, 1, 2, 3),
  };
  const structs = RecordBatch.fromRows([{ s: { x: 1 } }, { s: { x: 2 } }, { s: { x: 3 } }]);
  const long = "a key of more than thirty-two characters";
  for (const names of [["s", "m"], ["m", "s"], ["s", long], [long, "s"]]) {
    const columns = names.map((name) => name === "s" ? structs.columns[0] : column);
    const fields = names.map((name, at) => ({ name, type: columns[at].type }));
    holdToRows(new RecordBatch({ fields }, columns, 3), both());
  }
});

Deno.test("JsonEncoder rounds to fixed decimals as toFixed() does", () => {
  const fixed = schema({
    a: t.f64,
    p: t.struct({ lat: t.f64, lon: t.f32 }),
    l: t.list(t.f64),
  });
  forSeeds(10, (random) => {
    const [da, dl] = [random.below(20), random.below(5)];
    const rows = Array.from({ length: 500 }, () => randomRow(fixed.fields, random));
    const batch = RecordBatch.fromRows(rows, { schema: fixed });
    const options = { decimals: { a: da, "p.lat": 2, "p.lon": 0, l: dl }, lines: true };
    const digits = (value: unknown, count: number) =>
      typeof value !== "number" || !Number.isFinite(value) ? "null" : value.toFixed(count);
    const expected = batch.toRows().map(({ a, p, l }) => {
      const place = p && `{"lat":${digits(p.lat, 2)},"lon":${digits(p.lon, 0)}}`;
      const list = l && `[${l.map((item) => digits(item, dl))}]`;
      return `{"a":${digits(a, da)},"p":${place},"l":${list}}\n`;
    });
    assertStrictEquals(json(batch, options), expected.join(""));
  });
});

Deno.test("JsonEncoder writes times as ISO 8601, and timestamps that Date does not have as numbers", () => {
  const times = schema({ at: t.timestamp, day: t.date, clock: t.time, list: t.list(t.timestamp) });
  const known = [
    0,
    -1,
    8.64e15,
    8.64e15 + 1,
    -8.64e15 - 1,
    -(2 ** 53 - 1),
    1_700_000_000_123,
    -62_198_755_200_000,
  ];
  const rows = known.map((at, row) => ({
    at,
    day: row === 1 ? 2 ** 31 - 1 : row * 1_000,
    clock: row * 3_600_001,
    list: row === 2 ? null : [at, null],
  }));
  const expected = rows.map(({ at, day, clock, list }) => ({
    at: formatTimestamp(at) ?? at,
    day: formatDate(day) ?? null,
    clock: formatTime(clock),
    list: list && list.map((ms) => ms === null ? null : formatTimestamp(ms) ?? ms),
  }));
  const batch = RecordBatch.fromRows(rows, { schema: times });
  assertStrictEquals(json(batch, { times: "iso" }), JSON.stringify(expected));
});

Deno.test("JsonEncoder refuses options that it cannot follow", () => {
  const wrong: [object, string][] = [
    [{ line: true }, "did you mean lines?"],
    [{ lines: 1 }, "lines must be true or false, received 1"],
    [{ times: "text" }, 'times must be "number" or "iso", received "text"'],
    [{ decimals: { a: 20 } }, 'decimals of "a" must be a whole number from 0 to 19, received 20'],
    [{ decimals: { a: 0.5 } }, "received 0.5"],
    [{ decimals: null }, "decimals must be an object"],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => new JsonEncoder(options as JsonEncoderOptions), Error, message);
  }
  const batch = RecordBatch.fromRows([{ id: 1, x: 0.5 }]);
  for (const path of ["y", "id"]) {
    assertThrows(
      () => json(batch, { decimals: { [path]: 2 } }),
      TypeError,
      `decimals are set for "${path}", which is no f32 or f64 of the batch; it has x`,
    );
  }
});

Deno.test("JsonEncoder says what to do when its budget is spent, and goes on with less", () => {
  using encoder = new JsonEncoder({ budgetBytes: 2 ** 20 });
  const large = RecordBatch.fromRows([{ text: "x".repeat(2 ** 20) }]);
  assertThrows(() => encoder.encode(large), KernelMemoryError, "encode fewer rows at a time");
  const small = RecordBatch.fromRows([{ text: "x" }]);
  assertStrictEquals(decoder.decode(encoder.encode(small)), '[{"text":"x"}]');
});
