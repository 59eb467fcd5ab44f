import { assertEquals } from "@std/assert";
import { parse as csvParse } from "csv-parse/sync";
import { types as t } from "../mod.ts";
import type { BlockDecoder, DecodedBlock } from "../src/codecs/block_decoder.ts";
import type { CsvBlockSpec } from "../src/codecs/block_specs.ts";
import { CsvBlockDecoder } from "../src/codecs/csv/csv_block_decoder.ts";
import { ReferenceBlockDecoder } from "../src/codecs/reference_block_decoder.ts";
import { create } from "../src/kernel/kernel.ts";
import { bytesOf } from "./support/chunks.ts";
import { randomBytes, randomSpec } from "./support/csv_cases.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { withoutStacks } from "./support/without_stacks.ts";

const SPECS = 1_000;
const BLOCKS = 100;
const LONG_BLOCKS = 15;
const PARSED_FILES = 50;
const PARSED_ROWS = 2_000;

function plain({ batch, bad, ...rest }: DecodedBlock) {
  return { rows: batch.toRows(), bad, ...rest };
}

/** All batches of a block, one after the other. */
function decodeAll(decoder: BlockDecoder, block: Uint8Array) {
  const parts = [];
  let from = 0;
  do {
    const part = plain(decoder.decode(block, from));
    parts.push(part);
    from = part.end;
  } while (from < block.length);
  return parts;
}

function compare(decoder: BlockDecoder, twin: BlockDecoder, block: Uint8Array, spec: CsvBlockSpec) {
  try {
    assertEquals(decodeAll(decoder, block), decodeAll(twin, block));
  } catch (cause) {
    const text = JSON.stringify(new TextDecoder().decode(block));
    throw new Error(`Differs for ${text} as ${JSON.stringify(spec)}`, { cause });
  }
}

Deno.test("CsvBlockDecoder decodes any bytes as ReferenceBlockDecoder does, in any dialect", () => {
  const kernel = create();
  const hold = (random: Random) => {
    const spec = randomSpec(random);
    using decoder = new CsvBlockDecoder(spec, kernel);
    const twin = new ReferenceBlockDecoder(spec);
    for (let left = BLOCKS; left > 0; left--) {
      compare(decoder, twin, randomBytes(random, spec), spec);
    }
  };
  withoutStacks(() => forSeeds(SPECS, hold));
  assertEquals(kernel.usedBytes, 0);
});

/** Many files one after the other, some of them with a long field. */
function longBytes(random: Random, spec: CsvBlockSpec): Uint8Array {
  const parts: Uint8Array[] = [];
  const most = 10_000 + random.below(400_000);
  for (let size = 0; size < most;) {
    const part = randomBytes(random, spec);
    parts.push(part, bytesOf(random.pick(["\n", "\n", "\r\n", "\r"])));
    if (random.chance(0.002)) parts.push(bytesOf("x,y ".repeat(random.below(9_000))));
    size += parts.slice(-3).reduce((sum, { length }) => sum + length, 0);
  }
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("CsvBlockDecoder decodes blocks of hundreds of KiB as ReferenceBlockDecoder does", () => {
  const kernel = create();
  const hold = (random: Random) => {
    const spec = { ...randomSpec(random), batchRows: random.pick([100, 1_000, 1_000_000]) };
    using decoder = new CsvBlockDecoder(spec, kernel);
    const block = longBytes(random, spec);
    const parts = decodeAll(decoder, block);
    assertEquals(parts, decodeAll(new ReferenceBlockDecoder(spec), block));
  };
  withoutStacks(() => forSeeds(LONG_BLOCKS, hold));
});

Deno.test("CsvBlockDecoder reads what csv-parse reads, of a hundred thousand records", () => {
  const kernel = create();
  forSeeds(PARSED_FILES, (random) => {
    const names = Array.from({ length: 1 + random.below(12) }, (_, at) => `c${at}`);
    const [separator, quote] = [random.pick([",", ";", "\t", "|", ":"]), random.pick(['"', "'"])];
    const end = random.pick(["\n", "\r\n", "\r"]);
    const texts = [
      "",
      "a",
      "ü",
      "1.5",
      " ",
      quote,
      separator,
      "\n",
      "\r\n",
      "\r",
      "long text ".repeat(9),
    ];
    const rows = Array.from({ length: PARSED_ROWS }, () =>
      names.map(() => {
        const text = random.pick(texts) + random.pick(texts);
        const needsQuotes = [separator, quote, "\n", "\r"].some((mark) => text.includes(mark));
        if (!needsQuotes && text !== "" && random.chance(0.9)) return text;
        return quote + text.replaceAll(quote, quote + quote) + quote;
      }).join(separator));
    const text = rows.join(end);
    const schema = { fields: names.map((name) => ({ name, type: t.utf8 })) };
    const limits = { batchRows: PARSED_ROWS, maxRecordBytes: 1 << 20, maxColumns: 100 };
    using decoder = new CsvBlockDecoder(
      { format: "csv", schema, names, separator, quote, ...limits },
      kernel,
    );
    const { batch, bad } = decoder.decode(bytesOf(text));
    assertEquals(bad, []);
    const options = { delimiter: separator, quote, escape: quote, record_delimiter: end };
    assertEquals(batch.toRows().map((row) => Object.values(row)), csvParse(text, options));
  });
});
