import { assert, assertEquals } from "@std/assert";
import { listNames, plainName, showName, visible } from "../src/batch/shown_names.ts";
import { type BatchDecoder, CsvDecoder, NdjsonDecoder, schema, types as t } from "../mod.ts";

Deno.test("showName() quotes a name, and shows the beginning of a very long one", () => {
  assertEquals(showName('a "b"'), '"a \\"b\\""');
  assertEquals(showName("x".repeat(1_000_000)), `"${"x".repeat(99)}… (1000002 characters)`);
  assertEquals(plainName("speed"), "speed");
});

Deno.test("listNames() names the first ones of many", () => {
  assertEquals(listNames(["a", "b"]), '"a", "b"');
  assertEquals(listNames(["a", "b"], plainName), "a, b");
  const many = Array.from({ length: 25 }, (_, at) => `c${at}`);
  assertEquals(listNames(many).split(", ").at(-1), '"c19" and 5 more');
});

Deno.test("visible() escapes what would not be seen, and nothing else", () => {
  assertEquals(
    visible("\ufeffa\u202eb\u200bc\u2028d\u{e0001}\x1b[31m"),
    "\\ufeffa\\u202eb\\u200bc\\u2028d\\u{e0001}\\u001b[31m",
  );
  assertEquals(visible("Møwe 🐦 'x' \\ \u00a0"), "Møwe 🐦 'x' \\ \u00a0");
});

Deno.test("Errors about records show byte-order marks, and stay short whatever comes", () => {
  const told = (decoder: BatchDecoder<never>, text: string): string => {
    try {
      decoder.push(new TextEncoder().encode(text));
      decoder.finish();
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing";
  };
  const columns = schema({ a: t.f64 }) as never;
  const csv = told(new CsvDecoder({ schema: columns }), "a\n1\n\ufeff2\n3\n");
  assert(csv.includes('received "\\ufeff2" (string)'), csv);
  const json = told(new NdjsonDecoder({ schema: columns }), '{"a":1}\n\ufeff{"a":2}\n');
  assert(json.includes("Unexpected token '\\ufeff'"), json);
  const key = "k".repeat(500_000);
  const long = told(new NdjsonDecoder({ schema: columns }), `{"${key}":1}\n{"a":1}\n`);
  assert(long.includes("k… (500002 characters)") && long.length < 600, long);
});
