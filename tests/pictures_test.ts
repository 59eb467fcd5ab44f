import { assertEquals } from "@std/assert";
import { arrivals, panesOf, pictures } from "../docs/pictures/draw.ts";

Deno.test("the pictures of the documentation are what their script draws", () => {
  for (const [name, content] of Object.entries(pictures())) {
    const file = new URL(`../docs/pictures/${name}`, import.meta.url);
    assertEquals(Deno.readTextFileSync(file), content, `${name}: run docs/pictures/draw.ts`);
  }
});

Deno.test("the picture of watermarks has one late row, and one that is behind and not late", () => {
  const behind = arrivals().filter(({ time, watermark }) => time < watermark);
  assertEquals(behind.map(({ time, isLate }) => [time, isLate]), [[49, false], [55, true]]);
});

Deno.test("the picture of panes has early ones, one on time and a late one", () => {
  const panes = panesOf().map(({ timing, n, place }) => [timing, n, place]);
  assertEquals(panes, [["early", 3, 2], ["early", 6, 5], ["onTime", 7, -1], ["late", 8, 10]]);
});
