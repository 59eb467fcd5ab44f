import { assert, assertEquals, assertRejects } from "@std/assert";
import { ModelFileError, SyntheticGenerator } from "../mod.ts";
import { digest } from "../src/runtime/digest.ts";
import { writeModelFile } from "../src/generators/model/model_file.ts";
import { readModelFile } from "../src/generators/model/model_file_reader.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { forSeeds, Random } from "./support/random.ts";
import { readings } from "./support/readings.ts";

const MUTATIONS = 20_000;
const SMALL_MUTATIONS = 1_000_000;
const HEADER_MUTATIONS = 10_000;
const PREFIX_BYTES = 48;
const SAMPLED = 500;

function tables(): Record<string, unknown>[] {
  const random = new Random(5);
  return Array.from({ length: 600 }, (_, n) => {
    const place = random.below(4);
    return {
      key: `k${1000 + n}`,
      place: "abcd"[place],
      land: place < 2 ? "north" : "south",
      size: random.chance(0.1) ? null : place * 10 + random.below(9),
      at: new Date(1.7e12 + random.below(3e9)),
      on: random.chance(0.5),
      none: null,
    };
  });
}

const circuit = await SyntheticGenerator.fit(tables(), { primaryKey: "key", symbols: 8 });
const independent = await SyntheticGenerator.fit(tables(), { model: "independent", symbols: 8 });
const trees = await SyntheticGenerator.fit(tables(), { model: "trees", symbols: 8 });
const copula = await SyntheticGenerator.fit(tables(), { model: "copula", symbols: 8 });
const twin = await SyntheticGenerator.fit(tables(), {
  ...{ time: "at", key: "place", model: "independent", symbols: 8 },
  arrival: { disorder: { share: 0.1, maxDelay: "1m" } },
});
/** A stream with keys that remember, others that report at even distances, and ever new ones. */
function events() {
  const told = readings(1200, { seed: 3, keys: 6 });
  const { at: begin } = told[0];
  const even = Array.from({ length: 800 }, (_, n) => ({
    ...told[n],
    at: begin + 700 * n,
    sensor: `e-${n % 4}`,
  }));
  const orders = Array.from({ length: 300 }, (_, n) => ({
    ...told[n],
    at: begin + 2000 * Math.floor(n / 3) + 100 * (n % 3),
    sensor: `o-${String(Math.floor(n / 3)).padStart(3, "0")}`,
  }));
  return [...told, ...even, ...orders].sort((a, b) => a.at - b.at)
    .map(({ n: _, at, ...row }) => ({ ...row, at: new Date(at) }));
}

const stream = await SyntheticGenerator.fit(events(), {
  ...{ time: "at", key: "sensor", model: "independent", symbols: 8 },
});
const files = [circuit, independent, trees, copula, twin, stream].map((each) => each.toBytes());

Deno.test("a model file holds all that there can be to a stream", () => {
  const text = stream.describe();
  for (const part of ["distances of their own", "new keys", "carried on"]) {
    assert(text.includes(part), text);
  }
});

async function refused(bytes: Uint8Array, ...texts: string[]): Promise<void> {
  const { message } = await assertRejects(() => SyntheticGenerator.load(bytes), ModelFileError);
  for (const text of texts) assert(message.includes(text), message);
}

Deno.test("a model file gives back what was saved, from a path, a URL or bytes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/birds.waggle`;
    await circuit.save(path);
    const expected = circuit.sample(500, { seed: 2 }).toRows();
    for (const from of [path, new URL(`file://${path}`), await Deno.readFile(path)]) {
      const loaded = await SyntheticGenerator.load(from);
      assertEquals(loaded.sample(500, { seed: 2 }).toRows(), expected as never);
      assertEquals(loaded.describe(), circuit.describe());
      assertEquals(loaded.toBytes(), circuit.toBytes());
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const runtime = new SimulatedRuntime();
  await circuit.save("a.waggle", { runtime });
  assertEquals(
    (await SyntheticGenerator.load("a.waggle", { runtime })).toBytes(),
    circuit.toBytes(),
  );
});

Deno.test("a model file has no row of the training data, and no rare value", async () => {
  const rows = Array.from({ length: 400 }, (_, n) => ({
    name: n < 390 ? ["ann", "bob"][n % 2] : `secret ${n % 5}`,
    id: `person-${n * 7919}`,
    x: n % 20,
  }));
  const bytes = (await SyntheticGenerator.fit(rows, { primaryKey: "id" })).toBytes();
  const text = new TextDecoder("latin1").decode(bytes);
  assert(text.includes("ann") && !text.includes("secret") && !text.includes("7919"));
});

Deno.test("what is no model file is refused, saying what it is", async () => {
  await refused(
    new Uint8Array(),
    "begins with nothing, and a model with 89 57 41 47 47 4c 45 0a;",
  );
  await refused(new TextEncoder().encode("a,b\n1,2\n"), "61 2c 62", "save()");
  await refused(Uint8Array.of(0x80, 4, 0x95, 1, 2, 3, 4, 5, 6), "Python pickle", "program");
  await refused(Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0), "zip archive");
  const newer = files[0].slice();
  newer[8] = 2;
  await refused(newer, "version 2", "reads up to 1", "update Waggle");
  newer[8] = 0;
  await refused(newer, "version 0");
  const huge = files[0].slice();
  huge.fill(0xff, 12, 16);
  await refused(huge, "header has 4294967295 bytes", "at most 1048576");
  const longer = new Uint8Array(files[0].length + 1);
  longer.set(files[0]);
  await refused(longer, "something was added");
  await assertRejects(() => SyntheticGenerator.load(5 as never), TypeError, "received 5");
  await assertRejects(
    () => SyntheticGenerator.load(new URL("https://a.example/b")),
    TypeError,
    "https:",
  );
  await assertRejects(() => SyntheticGenerator.load("/no/such.waggle"), Deno.errors.NotFound);
});

Deno.test("a truncated model file is refused wherever it ends", async () => {
  for (const whole of files) {
    for (let end = 0; end < whole.length; end += end < 200 ? 1 : 997) {
      await refused(whole.slice(0, end));
    }
  }
});

/** The file with the digests that its bytes have now. */
function resigned(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer);
  const length = view.getUint32(12, true);
  if (length > bytes.length - PREFIX_BYTES) return bytes;
  const header = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  let json: { sections?: { type: string; length: number; sha256: string }[] };
  try {
    json = JSON.parse(new TextDecoder().decode(header));
    let at = Math.ceil((PREFIX_BYTES + length) / 8) * 8;
    for (const section of json.sections!) {
      const size = section.length * { u8: 1, i32: 4, f32: 4, f64: 8 }[section.type]!;
      section.sha256 = digest("SHA-256", bytes.subarray(at, at + size)).toHex();
      at += Math.ceil(size / 8) * 8;
    }
    const text = new TextEncoder().encode(JSON.stringify(json));
    if (text.length === length) header.set(text);
  } catch {
    // then it is not to be read anyway
  }
  bytes.set(digest("SHA-256", header), 16);
  return bytes;
}

/** One or a few bytes changed; with digests put right, so that what is behind them is tried too. */
function mutated(random: Random, signs: boolean): Uint8Array {
  const bytes = random.pick(files).slice();
  const length = new DataView(bytes.buffer).getUint32(12, true);
  const inHeader = random.chance(0.7);
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = inHeader ? PREFIX_BYTES + random.below(length) : random.below(bytes.length);
    bytes[at] = random.pick([
      random.below(256),
      0x30 + random.below(10),
      bytes[at] ^ (1 << random.below(8)),
    ]);
  }
  return signs ? resigned(bytes) : bytes;
}

/** Whether a file was read; anything but a model or a `ModelFileError` fails. */
function survives(bytes: Uint8Array): boolean {
  let saved;
  try {
    saved = readModelFile(bytes);
  } catch (error) {
    if (error instanceof ModelFileError) return false;
    throw error;
  }
  writeModelFile(saved);
  return true;
}

Deno.test("a mutated model file is a clean error or a model, digests put right or not", () => {
  let read = 0;
  forSeeds(MUTATIONS / 1000, (random) => {
    for (let round = 0; round < 1000; round++) {
      if (survives(mutated(random, round % 20 === 0))) read++;
    }
  });
  assert(read > 10, `${read} mutations were read`);
});

/** Files so small that very many of them can be tried. */
const small = [
  await SyntheticGenerator.fit(
    Array.from({ length: 30 }, (_, n) => ({ a: n % 3, b: n % 2 === 0 })),
  ),
  await SyntheticGenerator.fit([{ a: "x" }, { a: "y" }], { model: "independent", minCount: 1 }),
].map((generator) => generator.toBytes());

/** Does something without making the traces of errors, which takes longer than finding them. */
function withoutTraces(run: () => void): void {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

Deno.test("a million mutations of small model files are clean errors, whatever byte it is", () => {
  const [larger, smallest] = small.toSorted((a, b) => b.length - a.length);
  forSeeds(SMALL_MUTATIONS / 100_000, (random) =>
    withoutTraces(() => {
      for (let round = 0; round < 100_000; round++) {
        const bytes = round % 100 === 0 ? larger : smallest;
        const at = random.below(bytes.length);
        const before = bytes[at];
        bytes[at] ^= 1 + random.below(255);
        assert(!survives(bytes), `byte ${at} is not looked at`);
        bytes[at] = before;
      }
    }));
});

type Json = Record<string, unknown> | unknown[];

/** A place in a header, and what holds it. */
interface Place {
  readonly holder: Json;
  readonly key: string;
}

function placesOf(value: unknown, out: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return out;
  for (const key of Object.keys(value)) {
    out.push({ holder: value as Json, key });
    placesOf((value as Record<string, unknown>)[key], out);
  }
  return out;
}

const ODD: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 0.5, 2 ** 31, -(2 ** 53), 1e308, "", "f64", "dict", "circuit"],
  ...[[], {}, [0], [[]], { kind: "i32" }, { kind: "list", of: { kind: "utf8" } }],
];

/** A header in which something else stands at a place, or nothing, or what stands at another. */
function mutateHeader(header: Json, random: Random): void {
  const places = placesOf(header);
  const { holder, key } = random.pick(places);
  const to = holder as Record<string, unknown>;
  const other = random.pick(places);
  const choice = random.below(4);
  if (choice === 0 && !Array.isArray(holder)) delete to[key];
  else if (choice === 1) {
    to[key] = structuredClone((other.holder as Record<string, unknown>)[other.key]);
  } else if (choice === 2 && typeof to[key] === "number") to[key] = to[key] + random.below(5) - 2;
  else to[key] = structuredClone(random.pick(ODD));
}

/** A file with another header, and its digest. */
function withHeader(bytes: Uint8Array, header: string): Uint8Array {
  const length = new DataView(bytes.buffer).getUint32(12, true);
  const body = bytes.subarray(Math.ceil((PREFIX_BYTES + length) / 8) * 8);
  const text = new TextEncoder().encode(header);
  const start = Math.ceil((PREFIX_BYTES + text.length) / 8) * 8;
  const out = new Uint8Array(start + body.length);
  out.set(bytes.subarray(0, 12));
  new DataView(out.buffer).setUint32(12, text.length, true);
  out.set(digest("SHA-256", text), 16);
  out.set(text, PREFIX_BYTES);
  out.set(body, start);
  return out;
}

Deno.test("a model file whose header says something else, and is signed, is a clean error or a model", () => {
  const headers = [...small, ...files].map((bytes) => {
    const length = new DataView(bytes.buffer).getUint32(12, true);
    return new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
  });
  let read = 0;
  forSeeds(HEADER_MUTATIONS / 1000, (random) => {
    for (let round = 0; round < 1000; round++) {
      const which = round % 10 === 0 ? random.below(headers.length) : random.below(small.length);
      const header = JSON.parse(headers[which]);
      for (let left = 1 + random.below(3); left > 0; left--) mutateHeader(header, random);
      const bytes = [...small, ...files][which];
      if (survives(withHeader(bytes, JSON.stringify(header)))) read++;
    }
  });
  assert(read > HEADER_MUTATIONS / 100, `${read} of ${HEADER_MUTATIONS} were read`);
});

Deno.test("a mutated model that is read can be sampled", async () => {
  const random = new Random(12);
  for (let round = 0; round < SAMPLED; round++) {
    const bytes = mutated(random, true);
    if (!survives(bytes)) continue;
    const loaded = await SyntheticGenerator.load(bytes);
    try {
      assertEquals(loaded.sample(20).toRows().length, 20);
    } catch (error) {
      // so rare as events may be, some are beyond the times that there are
      assert(error instanceof RangeError && error.message.includes("the year 275760"), `${error}`);
    }
  }
});
