import { assertEquals } from "@std/assert";
import type { BlockDecoder, DecodedBlock } from "../src/codecs/block_decoder.ts";
import type { CsvBlockSpec } from "../src/codecs/block_specs.ts";
import { CsvBlockDecoder } from "../src/codecs/csv_block_decoder.ts";
import { ReferenceBlockDecoder } from "../src/codecs/reference_block_decoder.ts";
import { create } from "../src/kernel/kernel.ts";
import { randomBytes, randomSpec } from "./support/csv_cases.ts";
import { forSeeds } from "./support/random.ts";

const SPECS = 1_000;
const BLOCKS = 100;

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
  // Most of the time would go into stacks of bad records.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  forSeeds(SPECS, (random) => {
    const spec = randomSpec(random);
    using decoder = new CsvBlockDecoder(spec, kernel);
    const twin = new ReferenceBlockDecoder(spec);
    for (let left = BLOCKS; left > 0; left--) {
      compare(decoder, twin, randomBytes(random, spec), spec);
    }
  });
  Error.stackTraceLimit = stackTraceLimit;
  assertEquals(kernel.usedBytes, 0);
});
