import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { RetryPolicy } from "../mod.ts";
import {
  RegistrySerializer,
  type RegistrySerializerOptions,
  SchemaRegistry,
  SchemaRegistryError,
} from "../src/kafka/kafka.ts";
import { registryNetwork, type RegistryReply } from "./support/fake_registry.ts";

const SCHEMA = {
  type: "record",
  name: "Bird",
  namespace: "zoo",
  fields: [{ name: "name", type: "string" }],
};
const NOT_FOUND: RegistryReply = [404, { error_code: 40401, message: "Subject not found" }];

function serializerOf(
  answer: (path: string, method: string) => RegistryReply,
  options: Omit<RegistrySerializerOptions, "registry"> = {},
) {
  const paths: string[] = [];
  const network = registryNetwork(({ url, method }) => {
    const { pathname } = new URL(url);
    paths.push(pathname);
    return answer(pathname, method);
  });
  const registry = new SchemaRegistry({
    url: "http://registry:8081",
    network,
    retryPolicy: new RetryPolicy({ maxRetries: 0 }),
  });
  return { serializer: new RegistrySerializer({ registry, ...options }), paths };
}

Deno.test("RegistrySerializer gives the prefix of Confluent's wire format", async () => {
  const { serializer } = serializerOf(() => [200, { id: 0x01020304 }]);
  const { prefix, id, subject, schema } = await serializer.prefixFor("birds", SCHEMA);
  assertEquals(prefix, new Uint8Array([0, 1, 2, 3, 4]));
  assertEquals([id, subject, schema.json], [0x01020304, "birds-value", JSON.stringify(SCHEMA)]);
});

Deno.test("RegistrySerializer names subjects by topic, record, both, or a function", async () => {
  const cases = [
    [undefined, "value", "birds-value"],
    ["topic", "key", "birds-key"],
    ["record", "value", "zoo.Bird"],
    ["topicRecord", "key", "birds-zoo.Bird"],
    [(...given: unknown[]) => given.join("|"), "key", "birds|zoo.Bird|key"],
  ] as const;
  for (const [subjectNaming, part, expected] of cases) {
    const { serializer, paths } = serializerOf(
      () => [200, { id: 1 }],
      subjectNaming === undefined ? {} : { subjectNaming },
    );
    const { subject } = await serializer.prefixFor("birds", SCHEMA, { part });
    assertEquals(subject, expected);
    assertEquals(paths, [`/subjects/${encodeURIComponent(expected)}/versions`]);
  }
  const { serializer } = serializerOf(() => [200, { id: 1 }], { subjectNaming: "record" });
  await assertRejects(() => serializer.prefixFor("birds", "long"), TypeError, "goes by the name");
  const { serializer: none } = serializerOf(() => [200, { id: 1 }], { subjectNaming: () => "" });
  await assertRejects(() => none.prefixFor("birds", SCHEMA), TypeError, "must give a text");
});

Deno.test("RegistrySerializer writes by what is registered, where it may not register", async () => {
  const found = { subject: "birds-value", version: 1, id: 5, schema: JSON.stringify(SCHEMA) };
  const { serializer, paths } = serializerOf(() => [200, found], { schemas: "lookUp" });
  const { prefix } = await serializer.prefixFor("birds", SCHEMA);
  assertEquals([prefix[4], paths], [5, ["/subjects/birds-value"]]);

  const newest = {
    ...SCHEMA,
    fields: [...SCHEMA.fields, { name: "age", type: "int", default: 0 }],
  };
  const { serializer: latest } = serializerOf(
    () => [200, { ...found, version: 2, id: 6, schema: JSON.stringify(newest) }],
    { schemas: "latest" },
  );
  const given = await latest.prefixFor("birds", SCHEMA);
  assertEquals([given.id, given.schema.json], [6, JSON.stringify(newest)]);
});

Deno.test("RegistrySerializer tells of schemas that are not there, or are no Avro", async () => {
  for (const schemas of ["lookUp", "latest"] as const) {
    const { serializer } = serializerOf(() => NOT_FOUND, { schemas });
    const { message } = await assertRejects(
      () => serializer.prefixFor("birds", SCHEMA),
      SchemaRegistryError,
    );
    assertStringIncludes(message, 'Cannot write by a schema of "birds-value"');
    assertStringIncludes(message, "register it there");
  }
  const { serializer } = serializerOf(
    () => [200, { subject: "birds-value", version: 1, id: 1, schema: "{}", schemaType: "JSON" }],
    { schemas: "latest" },
  );
  const { message } = await assertRejects(() => serializer.prefixFor("birds", SCHEMA), Error);
  assertStringIncludes(message, "it is JSON, and Avro is written");
});

Deno.test("RegistrySerializer refuses options that it does not know", () => {
  const registry = {} as SchemaRegistry;
  assertThrows(() => new RegistrySerializer({ registry }), TypeError, "must be a SchemaRegistry");
  const schemas = "make" as "register";
  assertThrows(() => serializerOf(() => [200, {}], { schemas }), TypeError, "schemas");
  const subjectNaming = "topics" as "topic";
  assertThrows(() => serializerOf(() => [200, {}], { subjectNaming }), TypeError, "subjectNaming");
});
