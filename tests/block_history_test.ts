import { assertEquals } from "@std/assert";
import { BlockHistory, type BlockInOrder, type KnownBlock } from "../src/stream/block_history.ts";
import { forSeeds } from "./support/random.ts";

interface Block extends BlockInOrder {
  known: KnownBlock | undefined;
}

Deno.test("A block's history is that of all before it, in whatever order they are told", () => {
  forSeeds(200, (random) => {
    const blocks = Array.from({ length: random.below(40) }, (): Block => {
      return { linesBefore: random.below(3), known: undefined, before: undefined };
    });
    const known = blocks.map((): KnownBlock => {
      return { greatest: random.below(100), rows: random.below(9), lines: random.below(9) };
    });
    const history = new BlockHistory();
    for (const block of blocks) history.append(block);
    for (const at of random.shuffle([...blocks.keys()])) {
      blocks[at].known = known[at];
      history.advance();
      const first = blocks.findIndex(({ known }) => !known);
      assertEquals(history.known, first < 0 ? blocks.length : first);
    }
    let [greatest, rows, lines] = [-Infinity, 0, 0];
    blocks.forEach(({ before, linesBefore }, at) => {
      lines += linesBefore;
      assertEquals(before, { greatest, rows, lines });
      greatest = Math.max(greatest, known[at].greatest);
      rows += known[at].rows;
      lines += known[at].lines;
    });
    assertEquals(history.greatest, greatest);
  });
});
