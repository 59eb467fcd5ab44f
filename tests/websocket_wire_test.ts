import { assertEquals, assertThrows } from "@std/assert";
import { answerText, numbered, readAnswer, unnumbered } from "../src/sources/websocket_wire.ts";

Deno.test("numbered() puts an id around a text that unnumbered() takes off again", () => {
  const message = numbered({ id: 17, records: '[{"a":"}"}]' });
  assertEquals(message, '{"id":17,"records":[{"a":"}"}]}');
  assertEquals(unnumbered(message), { id: 17, records: '[{"a":"}"}]' });
  const spaced = ' { "id" : 9007199254740991 , "records" : [ {} ] }\n';
  assertEquals(unnumbered(spaced), { id: Number.MAX_SAFE_INTEGER, records: "[ {} ]" });
});

Deno.test("numbered() puts an id of 8 bytes in front of bytes", () => {
  const records = Uint8Array.of(1, 2, 3);
  const message = numbered({ id: 2 ** 40 + 5, records }) as Uint8Array<ArrayBuffer>;
  assertEquals([...message], [0, 0, 1, 0, 0, 0, 0, 5, 1, 2, 3]);
  assertEquals(unnumbered(message), { id: 2 ** 40 + 5, records });
  // a view whose bytes begin anywhere
  const shifted = new Uint8Array([9, ...message]).subarray(1);
  assertEquals(unnumbered(shifted), { id: 2 ** 40 + 5, records });
});

Deno.test("unnumbered() gives nothing for what has no number, or one beyond what is exact", () => {
  const texts = ["", "[]", '{"id":1}', '{"id":-1,"records":[]}', '{"id":"1","records":[]}'];
  for (const text of [...texts, '{"id":1.5,"records":[]}', '{"id":1,"records":[]']) {
    assertEquals(unnumbered(text), undefined, text);
  }
  assertEquals(unnumbered('{"id":9007199254740992,"records":[]}'), undefined);
  assertEquals(unnumbered(new Uint8Array(7)), undefined);
  assertEquals(unnumbered(new Uint8Array(8).fill(255)), undefined);
});

Deno.test("numbered() refuses numbers that are none", () => {
  for (const id of [-1, 1.5, NaN, 2 ** 53]) {
    assertThrows(() => numbered({ id, records: "[]" }), RangeError, "a whole number from 0");
  }
});

Deno.test("readAnswer() tells answers from data", () => {
  for (
    const answer of [{ ack: 0 }, { ack: 17 }, { error: "no such column" }, { done: { next: 3 } }]
  ) {
    assertEquals(readAnswer(answerText(answer)), answer);
  }
  assertEquals(readAnswer(' {\n"ack" : 3 }'), { ack: 3 });
  const others = ['{"ack":-1}', '{"ack":"1"}', '{"ack":1,"more":2}', '{"ack":1', '[{"ack":1}]'];
  for (
    const other of [
      ...others,
      '{"error":5}',
      '{"done":[1]}',
      '{"record":1}',
      "",
      5,
      Uint8Array.of(1),
    ]
  ) {
    assertEquals(readAnswer(other), undefined, String(other));
  }
  assertEquals(readAnswer(`{"error":"${"x".repeat(70_000)}"}`), undefined);
});
