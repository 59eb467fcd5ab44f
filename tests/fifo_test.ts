import { assertEquals } from "@std/assert";
import { Fifo } from "../src/stream/fifo.ts";
import { forSeeds } from "./support/random.ts";

Deno.test("Fifo does what an array's push() and shift() do", () => {
  forSeeds(2_000, (random) => {
    const fifo = new Fifo<number>();
    let model: number[] = [];
    const growing = random.next();
    for (let i = 0; i < 200; i++) {
      if (random.chance(0.01)) {
        assertEquals(fifo.drain(), model);
        model = [];
      } else if (random.chance(growing)) {
        for (let n = random.below(60); n >= 0; n--) fifo.push(model[model.push(i) - 1]);
      } else {
        for (let n = random.below(60); n >= 0; n--) assertEquals(fifo.shift(), model.shift());
      }
      assertEquals(fifo.length, model.length);
    }
    assertEquals(fifo.drain(), model);
  });
});
