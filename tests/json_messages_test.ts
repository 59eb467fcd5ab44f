import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { schema, types as t } from "../mod.ts";
import { JsonMessages } from "../src/sources/messages/json_messages.ts";
import type { BadMessage } from "../src/sources/messages/message_decoder.ts";

const SEED = Number(Deno.env.get("WAGGLE_TEST_SEED") ?? 11);
const COLUMNS = schema({ a: t.utf8, b: t.mixed });

/** Rows and bad records of messages; `spread`: no two objects meet, so that nothing is guessed. */
function decoded(messages: readonly string[], spread: boolean) {
  const bad: Omit<BadMessage, "record">[] = [];
  using decoder = new JsonMessages({
    ...{ format: "json", schema: COLUMNS, extraKeys: "error", maxRecordBytes: 10_000 },
    report: ({ record: _, reason, ...where }) =>
      void bad.push({ ...where, reason: reason.slice(0, 30) }),
  });
  for (const [i, message] of messages.entries()) {
    decoder.add(spread ? ` ${message}` : message, i + 1);
  }
  const rows = decoder.take().flatMap((batch) => batch.toRows());
  return { rows, bad, records: decoder.records };
}

/** Texts in which objects seem to meet where they do not. */
const trap = fc.array(fc.constantFrom("},{", "}]", "[{", '"', "\\", "a", "\n", "{", "}", "ü"), {
  maxLength: 6,
}).map((parts) => parts.join(""));
const inner = fc.oneof(
  trap,
  fc.integer(),
  fc.array(fc.record({ x: trap }), { maxLength: 3 }),
  fc.record({ "},{": fc.array(fc.record({ y: fc.integer() }), { maxLength: 3 }) }),
);
const record = fc.oneof(
  { weight: 9, arbitrary: fc.record({ a: trap, b: inner }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>({ a: 5 }, { z: 1 }, [{}, {}], 7, {}) },
);
const message = fc.oneof(
  { weight: 9, arbitrary: fc.array(record, { maxLength: 6 }).map((rows) => JSON.stringify(rows)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('[{"a":"x"},{"a":"y"', '[{"a":"x"},{]', '[{"a":"x"},{}}]'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '[{"a":"x"}{"a":"y"}]',
      '[{"a":"x"},,{"a":"y"}]',
      "[{}]]",
      '[{"a":"p"},{"a":"x"},,{"a":"y"}]',
      '[{"a":"x"},{"a":"y"}]]',
      '[{"a":"x"},{"b":[{},{}]},]',
    ),
  },
);

Deno.test("JsonMessages gives the same rows whether objects are cut at a guess or byte by byte", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 4 }), (messages) => {
      const { rows, records } = decoded(messages, true);
      const guessed = decoded(messages, false);
      assertEquals(guessed.rows, rows);
      assertEquals(guessed.records, records);
    }),
    { seed: SEED, numRuns: 1_500 },
  );
});

Deno.test("JsonMessages tells which record of a message is bad, however they are cut", () => {
  const texts = [
    '[{"a":"},{","b":[{"x":1},{"x":2}]},{"a":1},{"a":"ok"},{"z":2}]',
    '[{"a":"x"},{"a":2}]',
  ];
  for (const spread of [false, true]) {
    const { rows, bad, records } = decoded(texts, spread);
    assertEquals(rows.map(({ a }) => a), ["},{", "ok", "x"]);
    assertEquals(bad.map(({ message, at }) => [message, at]), [[1, 2], [1, 4], [2, 2]]);
    assertEquals(records, 6);
  }
});
