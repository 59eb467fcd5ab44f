import { assert, assertEquals } from "@std/assert";
import { type Field, schema, types as t } from "../src/batch/mod.ts";
import type { BlockDecoder, DecodedBlock } from "../src/codecs/block_decoder.ts";
import type { NdjsonBlockSpec } from "../src/codecs/block_specs.ts";
import { NdjsonBlockDecoder } from "../src/codecs/json/ndjson_block_decoder.ts";
import { ReferenceBlockDecoder } from "../src/codecs/reference_block_decoder.ts";
import { create } from "../src/kernel/kernel.ts";
import { CELL_FIELDS, HOST_FIELDS, mutated, recordText } from "./support/json_lines.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { withoutStacks } from "./support/without_stacks.ts";

const encoder = new TextEncoder();
const LIMITS = { batchRows: 1000, maxRecordBytes: 2_000, maxDepth: 8, maxColumns: 4096 };

function specOf(fields: readonly Field[], rest: Partial<NdjsonBlockSpec> = {}): NdjsonBlockSpec {
  return { format: "ndjson", schema: { fields }, ...LIMITS, ...rest };
}

function joined(lines: readonly (string | Uint8Array)[], end = "\n"): Uint8Array<ArrayBuffer> {
  const parts = lines.flatMap((line) => [
    typeof line === "string" ? encoder.encode(line) : line,
    encoder.encode(end),
  ]);
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

/** All that is the same whoever decodes. */
function comparable({ batch, bad, ...rest }: DecodedBlock) {
  return { ...rest, bad: bad.map(({ at: _, ...all }) => all), rows: batch.toRows() };
}

/** Decodes a whole block, batch by batch. */
function decodeAll(decoder: BlockDecoder, block: Uint8Array): ReturnType<typeof comparable>[] {
  const parts: ReturnType<typeof comparable>[] = [];
  for (let at = 0; at < block.length;) {
    const decoded = decoder.decode(block, at);
    parts.push(comparable(decoded));
    for (const { at, start, end } of decoded.bad) {
      assert(at === undefined || at >= start && at <= end + 1, `${at} in ${start} to ${end}`);
    }
    assert(decoded.end > at);
    at = decoded.end;
  }
  return parts;
}

const kernel = create();

/** Holds the kernel's decoder to the reference on blocks of lines. */
function holdEqual(spec: NdjsonBlockSpec, blocks: readonly Uint8Array[]): void {
  using decoder = new NdjsonBlockDecoder(spec, kernel);
  const reference = new ReferenceBlockDecoder(spec);
  const outcomes = withoutStacks(() =>
    blocks.map((block) => [decodeAll(decoder, block), decodeAll(reference, block)])
  );
  for (const [found, expected] of outcomes) assertEquals(found, expected);
}

function randomSpec(random: Random, fields: readonly Field[]): NdjsonBlockSpec {
  return specOf(fields, {
    batchRows: random.pick([1, 7, 1000]),
    extraKeys: random.chance(0.2) ? "error" : "ignore",
    invalidUtf8: random.chance(0.3) ? "replace" : "error",
    maxDepth: random.pick([2, 8, 64]),
    maxRecordBytes: random.pick([100, 2_000]),
  });
}

function randomLine(fields: readonly Field[], random: Random): string {
  if (random.chance(0.02)) return random.pick(["", " ", "\t\r", "[]", "1", "null", "{}", '""']);
  return recordText(fields, random);
}

for (
  const [name, all, runs] of [
    ["cells", CELL_FIELDS, 300],
    ["what is left to the host", HOST_FIELDS, 30],
  ] as const
) {
  for (const mutations of [0, 0.7]) {
    const what = mutations > 0 ? "mutated" : "random";
    Deno.test(`NdjsonBlockDecoder gives what the reference does on ${what} lines of ${name}`, () => {
      forSeeds(runs, (random) => {
        const shuffled = random.shuffle(all);
        const wanted = shuffled.slice(0, 1 + random.below(4));
        const written = shuffled.slice(random.below(2), wanted.length + random.below(2));
        const blocks = Array.from({ length: 2 }, () => {
          const lines = Array.from({ length: 175 }, () => {
            const line = randomLine(written, random);
            return random.chance(mutations) ? mutated(encoder.encode(`${line} `), random) : line;
          });
          const bytes = joined(lines, random.pick(["\n", "\r\n", " \n"]));
          return random.chance(0.5) ? bytes : bytes.subarray(0, -1);
        });
        holdEqual(randomSpec(random, wanted), blocks);
      });
    });
  }
}

/** Lines as files have them: one layout, sometimes another. */
function likeLines(random: Random, rows: number): string[] {
  const orders = Array.from({ length: 1 + random.below(6) }, () => ({
    keys: random.shuffle(["id", "note", "x", "ok", "user", "skip", "deep"]),
    blank: random.pick(["", " "]),
  }));
  return Array.from({ length: rows }, () => {
    const { keys, blank } = random.pick(orders);
    const value = (key: string) => {
      if (random.chance(0.03)) return "null";
      if (random.chance(0.005)) return random.pick(['"x"', "1", "[]", "{}", "true", "1x", '"\\q"']);
      if (key === "id") return String(random.below(1e9));
      if (key === "note") return JSON.stringify(random.pick(["", "a", 'b"c', "é", "x".repeat(50)]));
      if (key === "x") return String(random.next() * 100);
      if (key === "ok") return random.pick(["true", "false"]);
      if (key === "user") return `{"name":"${random.below(50)}"${blank},"age":${random.below(90)}}`;
      if (key === "skip") return random.pick(['"a"', '"\\n"', "12", "false"]);
      return random.pick(['{"a":[1,{"b":2}]}', '{"a":{"b":"c"}}', "[[]]"]);
    };
    const line = `{${keys.map((key) => `"${key}":${blank}${value(key)}`).join(`,${blank}`)}}`;
    return random.chance(0.01) ? line.replace('"x"', '"y"') : line;
  });
}

Deno.test("NdjsonBlockDecoder gives what the reference does where it learns layouts", () => {
  const fields = schema({
    id: t.i64,
    note: t.utf8,
    x: t.f64,
    ok: t.bool,
    user: t.struct({ name: t.dict, age: t.i32 }),
  }).fields;
  forSeeds(60, (random) => {
    const wanted = fields.filter(() => random.chance(0.7)).map((field) =>
      random.chance(0.2) && field.name !== "user" ? { ...field, nullable: false } : field
    );
    const blocks = Array.from({ length: 3 }, () => {
      const bytes = joined(likeLines(random, 300), random.pick(["\n", "\r\n"]));
      return random.chance(0.3) ? mutated(bytes, random) : bytes;
    });
    holdEqual(specOf(wanted, { extraKeys: random.chance(0.1) ? "error" : "ignore" }), blocks);
  });
});

/** A number as JSON writes it, of any length, or what nearly is one. */
function numberText(random: Random): string {
  if (random.chance(0.05)) {
    return random.pick(["-", "01", "1.", ".5", "1e", "1.5.", "--1", "+1", "1-"]);
  }
  const digits = (most: number) =>
    Array.from({ length: 1 + random.below(most) }, () => random.below(10)).join("");
  const whole = digits(random.pick([1, 3, 15, 20])).replace(/^0+(?=.)/, "");
  const fraction = random.chance(0.6) ? `.${digits(random.pick([2, 14, 21]))}` : "";
  const exponent = `${random.pick(["e", "E"])}${random.pick(["", "-", "+"])}${random.below(25)}`;
  return `${random.pick(["", "-"])}${whole}${fraction}${random.chance(0.2) ? exponent : ""}`;
}

Deno.test("NdjsonBlockDecoder reads numbers of any length, and short and long texts, in lines of one layout", () => {
  const fields = schema({ d: t.f64, i: t.i32, l: t.i64, at: t.timestamp, s: t.utf8, k: t.dict })
    .fields;
  const text = (random: Random) =>
    JSON.stringify(random.pick(["x", "\x7f", "é", '"']).repeat(random.below(2) * random.below(40)));
  forSeeds(60, (random) => {
    const keys = random.shuffle(["d", "i", "l", "at", "other", "s", "k"]);
    const value = (key: string) => key === "s" || key === "k" ? text(random) : numberText(random);
    const isWhole = random.chance(0.5);
    const lines = Array.from({ length: 300 }, () =>
      `{${
        keys.map((key) => {
          const usual = isWhole && "il at".includes(key);
          return `"${key}":${usual ? random.below(10 ** random.below(10)) : value(key)}`;
        }).join(",")
      }}`);
    holdEqual(specOf(fields), [joined(lines)]);
  });
});

const PIECES = [
  ...["{", "}", "[", "]", '"', '"a"', '{"a":1}', ":", ",", "1", "-0", "1e5", "\\", "\\u", " "],
  ...['{"b":["x"]}', "null", "true", "\n", "\r\n", "é", "9007199254740993", '{"a":{"b":2}}\n'],
].map((text) => [...encoder.encode(text)]).concat([[0xff], [0xc3], [0xf0, 0x9f], [0], [
  0xef,
  0xbb,
]]);

Deno.test("NdjsonBlockDecoder gives what the reference does on random bytes", () => {
  const columns = [schema({ a: t.i64 }), schema({ a: t.f64 }), schema({ b: t.list(t.utf8) })];
  forSeeds(300, (random) => {
    const bytes: number[] = [];
    for (let lines = 0; lines < 350; lines++) {
      for (let at = random.below(12); at > 0; at--) bytes.push(...random.pick(PIECES));
      if (random.chance(0.3)) bytes.push(...encoder.encode('{"a":1}'));
      bytes.push(10);
    }
    const spec = specOf(random.pick(columns).fields, {
      extraKeys: random.pick(["error", "ignore"]),
      invalidUtf8: random.pick(["error", "replace"]),
      maxRecordBytes: random.pick([8, 1000]),
      maxDepth: random.pick([1, 2, 64]),
    });
    holdEqual(spec, [new Uint8Array(bytes)]);
  });
});

Deno.test("NdjsonBlockDecoder that trusts the sender takes good lines as before, and bad ones without harm", () => {
  forSeeds(60, (random) => {
    const shuffled = random.shuffle(CELL_FIELDS);
    const wanted = shuffled.slice(0, 1 + random.below(4));
    const lines = Array.from({ length: 100 }, () => recordText(shuffled.slice(0, 8), random));
    const spec = specOf(wanted);
    using strict = new NdjsonBlockDecoder(spec, kernel);
    using trusting = new NdjsonBlockDecoder({ ...spec, trusted: true }, kernel);
    const good = joined(lines.filter((line) => strict.decode(joined([line])).bad.length === 0));
    assertEquals(decodeAll(trusting, good), decodeAll(strict, good));
    const bad = joined(lines.map((line) => mutated(encoder.encode(line), random)));
    const found = decodeAll(trusting, bad);
    const rows = found.reduce((sum, part) => sum + part.records, 0);
    assertEquals(rows, decodeAll(strict, bad).reduce((sum, part) => sum + part.records, 0));
  });
});

Deno.test("NdjsonBlockDecoder takes schemas of very many fields within its budget", () => {
  const fields = Array.from({ length: 20_000 }, (_, at) => ({
    name: `f${at}`,
    type: at % 20 === 0 ? t.utf8 : t.f64,
  }));
  const record = (from: number, count: number) =>
    JSON.stringify(Object.fromEntries(
      fields.slice(from, from + count).map(({ name, type }, at) => [
        name,
        type.kind === "utf8" ? "text" : at,
      ]),
    ));
  const lines = [record(0, 3), record(19_000, 900), "{}", "{", record(0, 9_000), record(5, 1)];
  const spec = { ...specOf(fields), maxRecordBytes: 200_000, batchRows: 8_192 };
  holdEqual(spec, [joined(lines)]);
  using decoder = new NdjsonBlockDecoder(spec, create());
  const block = joined(Array.from({ length: 2_000 }, () => lines[0]));
  let rows = 0;
  for (let at = 0; at < block.length;) {
    const { batch, end } = decoder.decode(block, at);
    rows += batch.length;
    at = end;
  }
  assertEquals(rows, 2_000);
});

Deno.test("NdjsonBlockDecoder takes a record that repeats a key with a new text each time", () => {
  const texts = Array.from({ length: 20_000 }, (_, at) => `"d":"${at}"`);
  const nulls = texts.map((text) => `"d":null,${text}`);
  const lines = [texts, nulls].map((all) => `{${all.join(",")}}`);
  const spec = specOf(schema({ d: t.dict, n: t.i32 }).fields, { maxRecordBytes: 1 << 20 });
  const block = joined(['{"d":"a","n":1}', ...lines, '{"d":"a","n":2}', ...lines, '{"d":"b"}']);
  for (const batchRows of [1, 3, 1_000]) holdEqual({ ...spec, batchRows }, [block, block]);
});
