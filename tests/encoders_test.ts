import { assertThrows } from "@std/assert";
import { AvroEncoder, CsvEncoder, JsonEncoder, RecordBatch } from "../mod.ts";

Deno.test("Encoders refuse what is no batch, and say how one is made", () => {
  const schema = { type: "record", name: "R", fields: [{ name: "a", type: "int" }] };
  const encoders = [new CsvEncoder(), new JsonEncoder(), new AvroEncoder(schema)];
  for (const encoder of encoders) {
    for (const wrong of [undefined, null, 5, [{ a: 1 }], RecordBatch]) {
      assertThrows(() => encoder.encode(wrong as never), TypeError, "RecordBatch.fromRows(rows)");
    }
    encoder.encode(RecordBatch.fromRows([{ a: 1 }]));
    encoder[Symbol.dispose]();
  }
});

Deno.test("CsvEncoder lists what an option may be", () => {
  assertThrows(
    () => new CsvEncoder({ separator: "ab" }),
    TypeError,
    'separator must be "," or ";" or "\\t" or "|" or " ", received "ab"',
  );
  assertThrows(() => new CsvEncoder({ header: "yes" as never }), TypeError, "true or false");
});
