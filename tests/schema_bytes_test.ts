import { assert, assertEquals, assertThrows } from "@std/assert";
import { schema, types as t } from "@waggle/stream";
import { schemaBytes, schemaFromBytes } from "../src/batch/schema_bytes.ts";
import { anySchema, assertSame, holds } from "./support/batches.ts";

Deno.test("schemaFromBytes() gives back the schema that schemaBytes() described", () => {
  holds(anySchema, (schema) => assertSame(schemaFromBytes(schemaBytes(schema)), schema));
});

Deno.test("schemaFromBytes() gives the same object for the same bytes", () => {
  const bytes = schemaBytes(schema({ a: t.i32, b: t.list(t.utf8) }));
  const first = schemaFromBytes(bytes.slice());
  assert(schemaFromBytes(bytes.slice()) === first);
  for (let n = 0; n < 200; n++) schemaFromBytes(schemaBytes(schema({ [`c${n}`]: t.i32 })));
  assertEquals(schemaFromBytes(bytes.slice()), first);
});

Deno.test("schemaBytes() of equal schemas are equal, whatever else their objects hold", () => {
  const plain = schema({ a: t.i64 });
  const other = {
    fields: [{ nullable: true, note: 1, type: { kind: "i64" } as const, name: "a" }],
  };
  assertEquals(schemaBytes(other), schemaBytes(plain));
});

Deno.test("schemaFromBytes() of what describes no schema is an error", () => {
  const encoder = new TextEncoder();
  const deep = '[{"name":"a","type":' + '{"kind":"list","item":'.repeat(100_000);
  const wrong = [
    "",
    "{}",
    "[1]",
    "null",
    '[{"name":"a"}]',
    '[{"name":1,"type":{"kind":"i32"}}]',
    deep,
  ];
  for (const text of wrong) assertThrows(() => schemaFromBytes(encoder.encode(text)));
  assertThrows(() => schemaFromBytes(Uint8Array.of(0x22, 0xff, 0x22)), TypeError);
});
