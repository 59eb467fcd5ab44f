import { assert, assertEquals, assertThrows } from "@std/assert";
import { type BatchDecoder, CsvDecoder, NdjsonDecoder } from "@waggle/stream";

const DECODERS: [string, () => BatchDecoder, string][] = [
  ["CsvDecoder", () => new CsvDecoder(), "a\n1\n"],
  ["NdjsonDecoder", () => new NdjsonDecoder(), '{"a":1}\n'],
];

for (const [name, make, text] of DECODERS) {
  Deno.test(`${name}.push() refuses what is no bytes, saying what came, and can go on after it`, () => {
    const decoder = make();
    const wrong: [unknown, string][] = [
      [undefined, "Undefined"],
      [null, "Null"],
      [text, "String"],
      [[1, 2], "Array"],
      [new Uint16Array(2), "Uint16Array"],
      [new ArrayBuffer(2), "ArrayBuffer"],
    ];
    for (const [chunk, received] of wrong) {
      const { message } = assertThrows(() => decoder.push(chunk as Uint8Array), TypeError);
      assert(message.includes(`received ${received};`), message);
    }
    const batches = [...decoder.push(new TextEncoder().encode(text)), ...decoder.finish()];
    assertEquals(batches.flatMap((batch) => batch.toRows()), [{ a: 1 }]);
  });
}
