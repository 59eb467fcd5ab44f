import { assert, assertEquals, assertThrows } from "@std/assert";
import avsc from "avsc";
import {
  avroCanonicalForm,
  avroColumns,
  type AvroSchemaOptions,
  parseAvroSchema,
  UnsupportedAvroError,
} from "../mod.ts";
import { planReading } from "../src/codecs/avro/read_plan.ts";
import { planWriting } from "../src/codecs/avro/write_plan.ts";
import { anyRecord, CUSTOMER } from "./support/avro_cases.ts";
import { forSeeds, type Random } from "./support/random.ts";

function canonical(schema: string | object): string {
  return avroCanonicalForm(parseAvroSchema(schema).type);
}

function field(type: unknown, rest: object = {}): object {
  return { type: "record", name: "R", fields: [{ name: "a", type, ...rest }] };
}

function refuses(schema: string | object, message: string, options?: AvroSchemaOptions): void {
  const error = assertThrows(() => parseAvroSchema(schema, options), TypeError);
  assert(error.message.includes(message), `${error.message}\nlacks ${message}`);
}

Deno.test("parseAvroSchema() reads a record from objects and from its text", () => {
  const { type, named, json } = parseAvroSchema(CUSTOMER);
  assertEquals(json, JSON.stringify(CUSTOMER));
  assertEquals([...named.keys()], ["Customer"]);
  assertEquals(type, {
    type: "record",
    name: "Customer",
    aliases: [],
    fields: [
      { name: "id", aliases: [], type: { type: "string" } },
      { name: "age", aliases: [], type: { type: "int" } },
      { name: "income", aliases: [], type: { type: "float" } },
    ],
  });
  const text = JSON.stringify(CUSTOMER, null, 2);
  assertEquals(parseAvroSchema(text).type, type);
  assertEquals(parseAvroSchema(text).json, text);
  assertEquals(parseAvroSchema("long").type, { type: "long" });
  assertEquals(parseAvroSchema('"long"').type, { type: "long" });
});

Deno.test("names are resolved in the namespace around them, then as they are", () => {
  const { named } = parseAvroSchema({
    type: "record",
    name: "Order",
    namespace: "shop",
    aliases: ["Sale", "old.Deal"],
    fields: [
      { name: "state", type: { type: "enum", name: "State", symbols: ["OPEN", "PAID"] } },
      { name: "hash", type: { type: "fixed", name: "lib.Hash", size: 4 } },
      { name: "before", type: ["null", "State"] },
      { name: "other", type: "lib.Hash" },
      { name: "inner", type: { type: "record", name: "Line", namespace: "", fields: [] } },
      { name: "last", type: "Line" },
      { name: "parent", type: ["null", "Order"] },
    ],
  });
  assertEquals([...named.keys()], ["shop.Order", "shop.State", "lib.Hash", "Line"]);
  assertEquals(named.get("shop.Order")?.aliases, ["shop.Sale", "old.Deal"]);
  refuses(field("State"), 'R.a: there is no type "State" before it');
});

Deno.test("integers in defaults are kept with all their digits", () => {
  const text = '{"type":"record","name":"R","fields":[{"name":"a","type":"long",' +
    '"default":9223372036854775807}]}';
  const { type } = parseAvroSchema(text);
  assert(type.type === "record");
  assertEquals(type.fields[0].default, { value: 9223372036854775807n });
  const { json } = parseAvroSchema(field("long", { default: -(2n ** 63n) }));
  assert(json.includes('"default":-9223372036854775808'));
  refuses(field("long", { default: 2n ** 63n }), "the default 9223372036854775808 is no long");
});

Deno.test("defaults are held to their types", () => {
  const fine: [unknown, unknown][] = [
    ["null", null],
    ["boolean", false],
    ["int", -2147483648],
    ["float", 1],
    ["double", 1.5],
    ["bytes", "\u00ff"],
    ["string", "é"],
    [["null", "int"], null],
    [["null", "int"], 1],
    [{ type: "array", items: "int" }, [1, 2]],
    [{ type: "map", values: "string" }, { a: "b" }],
    [{ type: "enum", name: "E", symbols: ["A"] }, "A"],
    [{ type: "fixed", name: "F", size: 2 }, "\u0000\u00ff"],
    [CUSTOMER, { id: "x", age: 1, income: 2.5 }],
  ];
  for (const [type, value] of fine) parseAvroSchema(field(type, { default: value }));
  const wrong: [unknown, unknown][] = [
    ["null", 0],
    ["boolean", 0],
    ["int", 2147483648],
    ["int", 1.5],
    ["long", "1"],
    ["float", "1"],
    ["bytes", "\u0100"],
    ["string", null],
    [["null", "int"], "x"],
    [{ type: "array", items: "int" }, [1, "2"]],
    [{ type: "map", values: "string" }, []],
    [{ type: "enum", name: "E", symbols: ["A"] }, "B"],
    [{ type: "fixed", name: "F", size: 2 }, "abc"],
    [CUSTOMER, { id: "x", age: 1 }],
  ];
  for (const [type, value] of wrong) {
    refuses(field(type, { default: value }), "Cannot use Avro schema at R.a: the default");
  }
});

Deno.test("a default that fits in endlessly many ways is not tried in all of them", () => {
  const node = (name: string, next: unknown) => ({
    ...{ type: "record", name },
    fields: [{ name: "next", type: next }],
  });
  let value: unknown = "wrong";
  for (let depth = 0; depth < 80; depth++) value = { next: value };
  refuses(
    field(node("A", ["null", node("B", ["A", "B"]), "A"]), { default: value }),
    "the default",
  );
});

Deno.test("logical types are read, and unknown ones ignored or refused", () => {
  const logical = (json: object) => parseAvroSchema(json).type;
  assertEquals(logical({ type: "bytes", logicalType: "decimal", precision: 4, scale: 2 }), {
    type: "bytes",
    logical: { name: "decimal", precision: 4, scale: 2 },
  });
  assertEquals(logical({ type: "long", logicalType: "timestamp-micros" }), {
    type: "long",
    logical: { name: "timestamp-micros" },
  });
  const ignored: [object, string][] = [
    [{ type: "int", logicalType: "color" }, 'there is no logical type "color"'],
    [{ type: "int", logicalType: "toString" }, 'there is no logical type "toString"'],
    [{ type: "int", logicalType: "uuid" }, "uuid needs string or fixed, not int"],
    [{ type: "bytes", logicalType: "decimal", precision: 2, scale: 3 }, "the scale of a decimal"],
    [{ type: "bytes", logicalType: "decimal" }, "the precision of a decimal"],
    [
      { type: "fixed", name: "F", size: 2, logicalType: "decimal", precision: 5 },
      "2 bytes do not hold 5 digits",
    ],
    [{ type: "fixed", name: "F", size: 8, logicalType: "duration" }, "duration needs 12 bytes"],
  ];
  for (const [json, reason] of ignored) {
    assertEquals((logical(json) as { logical?: unknown }).logical, undefined);
    refuses(json, reason, { unknownLogicalTypes: "error" });
  }
});

Deno.test("what is wrong in a schema is told with its place", () => {
  refuses('{"type":', "its text is not JSON");
  refuses(field({ type: "array" }), 'R.a: it has no "items"');
  refuses(field({ type: "array", items: "inta" }), 'R.a.[]: there is no type "inta"');
  refuses(field(3), "a type is a name, an object or an array, received 3");
  refuses({ type: "record", name: "R" }, 'a record needs "fields"');
  refuses({ type: "record", fields: [] }, "need a name");
  refuses({ type: "record", name: "9", fields: [] }, 'received "9"');
  refuses({ type: "record", name: "a..b", fields: [] }, 'received "a..b"');
  refuses({ type: "record", name: "int", fields: [] }, '"int" is a type of Avro');
  refuses(field("int", { name: "a b" }), "the name of a field must be a letter or _");
  refuses(field("int", { order: "up" }), 'the order "up" is none');
  refuses(field("int", { aliases: "b" }), "aliases must be an array");
  const twice = { name: "a", type: "int" };
  refuses({ type: "record", name: "R", fields: [twice, twice] }, "two fields of the record");
  refuses({ type: "enum", name: "E", symbols: ["A", "A"] }, "occurs twice");
  refuses({ type: "enum", name: "E", symbols: [] }, 'an enum needs "symbols"');
  refuses({ type: "enum", name: "E", symbols: ["A"], default: "B" }, "none of its symbols");
  refuses({ type: "fixed", name: "F", size: -1 }, "the size of a fixed");
  refuses([], "a union has no types");
  refuses(["int", ["null"]], "a union is in a union");
  refuses(["int", { type: "int", logicalType: "date" }], "a union has int (date) twice");
  const e = { type: "enum", name: "E", symbols: ["A"] };
  refuses([e, { ...e, symbols: ["B"] }], "two types are named E");
});

Deno.test("a schema that contains itself, or is too large or deep, is refused in time", () => {
  const cycle: { type: string; items?: unknown } = { type: "array" };
  cycle.items = cycle;
  refuses(cycle, "it cannot be written as JSON");
  const self = field("R");
  refuses(self, "R: the record always contains itself");
  const a = { name: "b", type: { type: "record", name: "B", fields: [{ name: "a", type: "A" }] } };
  refuses({ type: "record", name: "A", fields: [a] }, "always contains itself");
  parseAvroSchema(field(["null", "R"]));
  const fields = Array.from({ length: 100_000 }, (_, at) => ({ name: `f${at}`, type: "int" }));
  refuses({ type: "record", name: "R", fields }, "more than 4096 fields");
  assertEquals(
    parseAvroSchema({ type: "record", name: "R", fields }, { maxFields: 100_000 }).named.size,
    1,
  );
  const depth = 1_000_000;
  const deep = '{"type":"array","items":'.repeat(depth) + '"int"' + "}".repeat(depth);
  refuses(deep, "its JSON is nested 1000000 levels deep");
  let types: object = { type: "array", items: "int" };
  for (let level = 0; level < 128; level++) types = { type: "array", items: types };
  refuses(types, "types are nested deeper than 128 levels");
});

Deno.test("options of schemas are checked", () => {
  assertThrows(() => parseAvroSchema("int", { maxFields: 0 }), RangeError, "maxFields");
  const odd = { unknownLogicalTypes: "no" } as unknown as AvroSchemaOptions;
  assertThrows(() => parseAvroSchema("int", odd), TypeError, "unknownLogicalTypes");
  const unknown = { maxField: 1 } as unknown as AvroSchemaOptions;
  assertThrows(() => parseAvroSchema("int", unknown), TypeError, "did you mean maxFields?");
});

Deno.test("the canonical form is that of the specification and of avsc", () => {
  assertEquals(canonical('{"type":"int","logicalType":"date"}'), '"int"');
  const schema = {
    name: "Order",
    namespace: "shop",
    doc: "x",
    type: "record",
    fields: [
      { type: { type: "enum", symbols: ["A", "B"], name: "State", default: "A" }, name: "state" },
      { name: "again", type: ["null", "State"], default: null },
      { name: "tags", type: { items: { type: "string" }, type: "array" } },
      { name: "by", type: { type: "map", values: { type: "fixed", size: 3, name: "lib.F" } } },
      { name: "parent", type: ["null", "shop.Order"] },
    ],
  };
  assertEquals(
    canonical(schema),
    '{"name":"shop.Order","type":"record","fields":[{"name":"state","type":{"name":"shop.State",' +
      '"type":"enum","symbols":["A","B"]}},{"name":"again","type":["null","shop.State"]},' +
      '{"name":"tags","type":{"type":"array","items":"string"}},{"name":"by","type":' +
      '{"type":"map","values":{"name":"lib.F","type":"fixed","size":3}}},' +
      '{"name":"parent","type":["null","shop.Order"]}]}',
  );
  for (const each of [schema, CUSTOMER, field({ type: "map", values: ["null", "R"] })]) {
    assertEquals(
      canonical(each),
      JSON.stringify(avsc.Type.forSchema(each as avsc.Schema).schema()),
    );
  }
});

Deno.test("the canonical form of random records is that of avsc", () => {
  forSeeds(300, (random) => {
    const avro = { ...anyRecord(random).avro, namespace: random.pick(["", "a", "a.b"]) };
    const type = avsc.Type.forSchema(avro as unknown as avsc.Schema);
    assertEquals(canonical(avro), JSON.stringify(type.schema()));
  });
});

const PIECES = [
  ...[
    '"int"',
    '"long"',
    '"string"',
    '"R"',
    '"null"',
    "null",
    "{}",
    "[]",
    "0",
    "-1",
    "1e400",
    "true",
  ],
  ...['"record"', '"enum"', '"fixed"', '"decimal"', '"__proto__"', '"constructor"', '"a.b"', '""'],
  ...['{"type":"int"}', '["null","int"]', '{"type":"array","items":"R"}', "12345678901234567890"],
];

/** A schema's text with some of its values, names or characters replaced. */
function damaged(text: string, random: Random): string {
  let made = text;
  for (let left = 1 + random.below(2); left > 0; left--) {
    const values = [...made.matchAll(/"[^"]*"|\{[^{}]*\}|\[[^[\]]*\]|-?\d+/g)];
    if (random.chance(0.1) || values.length === 0) {
      const at = random.below(made.length);
      made = made.slice(0, at) + random.pick(["", '"', "{", "}", "[", ",", "\\"]) +
        made.slice(at + 1);
    } else {
      const { index, 0: value } = random.pick(values);
      made = made.slice(0, index) + random.pick(PIECES) + made.slice(index + value.length);
    }
  }
  return made;
}

Deno.test("a damaged schema is refused by a message, or is another schema", () => {
  let [accepted, planned] = [0, 0];
  forSeeds(150, (random) => {
    const text = JSON.stringify({
      ...anyRecord(random).avro,
      ...{ namespace: "some.where", aliases: ["Other"], doc: "" },
    });
    for (let round = 0; round < 100; round++) {
      const made = damaged(text, random);
      let form: string;
      try {
        form = canonical(made);
      } catch (error) {
        assert(error instanceof TypeError, made);
        assert(error.message.startsWith("Cannot use Avro schema"), `${error.message} of ${made}`);
        continue;
      }
      accepted++;
      assertEquals(canonical(form), form, made);
      try {
        const writer = parseAvroSchema(made);
        const columns = avroColumns(writer);
        planReading({ writer, reader: writer, columns });
        planWriting(writer, columns, { extraColumns: "error" });
        planned++;
      } catch (error) {
        assert(error instanceof UnsupportedAvroError, `${error} of ${made}`);
      }
    }
  });
  assert(accepted > 1_000 && planned > 1_000, `${accepted} and ${planned}`);
});
