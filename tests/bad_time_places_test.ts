import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  col,
  count,
  csv,
  from,
  ndjson,
  type PipelineOptions,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import type { BadInput, Source } from "../src/stream/source.ts";
import { waggle } from "./support/kept_process.ts";
import { Random, seeds } from "./support/random.ts";

const FORMATS = ["csv", "ndjson", "array"] as const;
const NAME = "events.txt";
const GOOD = "2024-01-01T00:00:00Z";

/** Lines of an input, and what is wrong on which of them, from 1. */
interface Input {
  readonly text: string;
  readonly badTimes: readonly number[];
  readonly undecoded: readonly number[];
}

/** The text of a record of these kinds, be it on several lines. */
const TEXTS = {
  csv: {
    good: (random: Random) => `${GOOD},${random.pick(["x", '"a\nb\n\nc"', "y", "z"])}`,
    badTime: (random: Random) => `${random.pick(["soon", '"on\na day"'])},x`,
    undecoded: () => "a,b,c",
    nothing: (random: Random) => random.pick(["", "# soon,x"]),
  },
  ndjson: {
    good: (random: Random) => JSON.stringify({ at: GOOD, text: random.pick(["x", "a\nb"]) }),
    badTime: () => '{"at":"soon","text":"x"}',
    undecoded: (random: Random) => random.pick(['{"at":', "7", '{"at":7}']),
    nothing: (random: Random) => random.pick(["", "  \t"]),
  },
  array: {
    good: (random: Random) => `{"at":${random.pick(["", "\n"])}"${GOOD}","text":"a\\nb"}`,
    badTime: (random: Random) => `{"at":"soon",${random.pick([" ", "\n\n"])}"text":"x"}`,
    undecoded: (random: Random) => random.pick(['{"at"\n}', "7", '{"at":7}']),
    nothing: () => `{"at":"${GOOD}"}`,
  },
};

function inputOf(format: typeof FORMATS[number], random: Random): Input {
  const texts = TEXTS[format];
  const records = [format === "csv" ? "at,text" : texts.good(random), texts.good(random)];
  const badTimes: number[] = [];
  const undecoded: number[] = [];
  let line = 1 + records.join("\n").split("\n").length;
  for (let i = 0; i < 300; i++) {
    const kind = random.pick(["good", "good", "good", "badTime", "undecoded", "nothing"] as const);
    const text = texts[kind](random);
    if (kind === "badTime") badTimes.push(line);
    if (kind === "undecoded") undecoded.push(line);
    line += text.split("\n").length;
    records.push(text);
  }
  const end = random.pick(["\n", "\r\n"]);
  if (format === "array") {
    return { text: `[${records.join(`,${end}`)}${random.pick(["", end])}]`, badTimes, undecoded };
  }
  return { text: records.join(end) + random.pick(["", end]), badTimes, undecoded };
}

/** A source of the input, in chunks and blocks of some size. */
function sourceOf(format: typeof FORMATS[number], { text }: Input, random: Random): Source {
  const bytes = new TextEncoder().encode(text);
  const cut = 1 + random.below(1000);
  const chunks = Array.from(
    { length: Math.ceil(bytes.length / cut) },
    (_, i) => bytes.slice(i * cut, (i + 1) * cut),
  );
  const blockBytes = random.pick([102, 500, 5000]);
  const own = format === "array" ? { layout: "array" as const, batchRows: 7 } : { blockBytes };
  const options = { name: NAME, maxRecordBytes: 100, ...own };
  const types = { types: { at: t.utf8, text: t.utf8 } };
  const source = format === "csv"
    ? csv(ReadableStream.from(chunks), { ...options, comment: "#" })
    : ndjson(ReadableStream.from(chunks), { ...options, ...types });
  return source as Source;
}

/** Runs it, with the times read on the main thread or by bees. */
function run(source: Source, onMain: boolean, options: PipelineOptions) {
  const idle = onMain ? { idle: { after: "1h" } } : {};
  return from(source as Source<{ at: string; text: string }>, { workers: 2, ...options })
    .timestamps("at", { format: "iso", ...idle })
    .window(new TumblingWindow({ size: "1h" }))
    .aggregate({ n: count() }).run();
}

for (const format of FORMATS) {
  for (const onMain of [false, true]) {
    const where = onMain ? "on the main thread" : "by bees";
    Deno.test(`A bad time in ${format}, read ${where}, is told by its file and line`, async () => {
      for (let seed = 1; seed <= seeds(5); seed++) {
        const random = new Random(seed);
        const input = inputOf(format, random);
        const letters: BadInput[] = [];
        const deadLetter = (bad: BadInput) => void letters.push(bad);
        const source = sourceOf(format, input, random);
        await run(source, onMain, { badRecords: "deadLetter", deadLetter });
        const isRow = ({ record }: BadInput) => !(record instanceof Uint8Array);
        assertEquals(
          letters.map(({ position }) => position).sort((a, b) => a - b),
          [...input.badTimes, ...input.undecoded].sort((a, b) => a - b),
          `seed ${seed}`,
        );
        assertEquals(
          letters.filter(isRow).map(({ place }) => place),
          input.badTimes.map((line) => `${NAME}, line ${line}`),
          `seed ${seed}`,
        );
        const { skipped } = await run(sourceOf(format, input, random), onMain, {
          badRecords: "skip",
        });
        assertEquals(skipped, letters.length, `seed ${seed}`);
      }
    });

    Deno.test(`The first bad record of ${format}, read ${where}, is told by its line`, async () => {
      for (let seed = 100; seed <= 100 + seeds(3); seed++) {
        const random = new Random(seed);
        const input = inputOf(format, random);
        const [time, other] = [input.badTimes[0], input.undecoded[0]];
        const places = [`\\(${NAME}, line ${time}\\)`, `${NAME}: line ${other}[:,]`];
        // The main thread decodes all of a block, and always arrays, before it looks at times.
        const expected = onMain || format === "array" ? places : [places[time < other ? 0 : 1]];
        const source = sourceOf(format, input, random);
        const error = await assertRejects(() => run(source, onMain, {}), Error);
        const { message } = error;
        assert(expected.some((place) => RegExp(place).test(message)), `seed ${seed}: ${message}`);
      }
    });
  }
}

Deno.test("A row for which an expression has no value is told by its line as well", async () => {
  const source = csv(ReadableStream.from([new TextEncoder().encode("a,b\n1,x\n\n2,7\n")]), {
    name: NAME,
  }) as Source<{ a: number; b: string }>;
  const cast = from(source, { workers: 1 }).select({ n: col("b").cast("i32") });
  await assertRejects(() => Array.fromAsync(cast), Error, `(${NAME}, line 2)`);
});

Deno.test("waggle window tells of a bad time by file and line, in dead letters too", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const data = `${folder}/data.csv`;
    const letters = `${folder}/letters.ndjson`;
    Deno.writeTextFileSync(data, `ts,x\n${GOOD},1\n\nsoon,2\n${GOOD},3\n`);
    const args = ["window", data, "-t", "ts", "--tumble", "1h", "-a", "count", "-q"];
    const { code, err } = await waggle(args);
    assertEquals(code, 1);
    assert(err.includes(`received "soon" (${data}, line 4); correct it`), err);
    assertEquals((await waggle([...args, "--dead-letters", letters])).code, 0);
    const { error } = JSON.parse(Deno.readTextFileSync(letters));
    assert(error.endsWith(`received "soon" (${data}, line 4)`), error);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
