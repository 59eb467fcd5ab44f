import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { RetryPolicy } from "../mod.ts";
import { SchemaRegistry, SchemaRegistryError } from "../src/kafka/kafka.ts";
import { RegistryReader } from "../src/kafka/registry/registry_reader.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { registryNetwork, type RegistryReply } from "./support/fake_registry.ts";

const SCHEMA = '{"type":"record","name":"Bird","fields":[{"name":"name","type":"string"}]}';

function readerOf(answer: (path: string) => RegistryReply) {
  const runtime = new SimulatedRuntime();
  const network = registryNetwork(({ url }) => answer(new URL(url).pathname));
  const registry = new SchemaRegistry({
    ...{ url: "http://registry:8081", network, runtime },
    retryPolicy: new RetryPolicy({ maxRetries: 0 }),
  });
  return { reader: new RegistryReader({ registry, runtime }), runtime, calls: network.calls };
}

Deno.test("RegistryReader gives the schemas of many numbers, and why some cannot be read", async () => {
  const { reader } = readerOf((path) => {
    const id = Number(path.split("/").at(-1));
    if (id === 3) return [200, { schema: "{}", schemaType: "PROTOBUF" }];
    if (id === 4) return [404, { error_code: 40403, message: "not found" }];
    return [200, { schema: SCHEMA }];
  });
  const ids = Array.from({ length: 20 }, (_, id) => id);
  const found = await reader.writers(ids);
  assertEquals([...found.keys()], ids);
  assertEquals(found.get(19), SCHEMA);
  assertStringIncludes(JSON.stringify(found.get(3)), "is PROTOBUF, and Avro is read");
  assertStringIncludes(JSON.stringify(found.get(4)), "has no schema of the number 4");
});

Deno.test("RegistryReader asks for a number that is not known again after a while", async () => {
  let isThere = false;
  const { reader, runtime, calls } = readerOf(() =>
    isThere ? [200, { schema: SCHEMA }] : [404, { error_code: 40403, message: "not found" }]
  );
  await reader.writers([7]);
  isThere = true;
  assertEquals(typeof (await reader.writers([7])).get(7), "object");
  assertEquals(calls.length, 1);
  runtime.spend(10_000);
  assertEquals((await reader.writers([7])).get(7), SCHEMA);
});

Deno.test("RegistryReader fails when the registry cannot be asked, since nothing is known then", async () => {
  for (const reply of [[503, "busy"], [404, "no such page"]] as const) {
    const { reader } = readerOf(() => reply);
    await assertRejects(() => reader.writers([7]), SchemaRegistryError);
  }
});

Deno.test("RegistryReader reads by the latest schema of a topic, or says that there is none", async () => {
  const found = { subject: "birds-key", version: 1, id: 1, schema: SCHEMA };
  const { reader, calls } = readerOf(() => [200, found]);
  assertEquals((await reader.readerSchema("birds", { part: "key" })).json, SCHEMA);
  assertEquals(new URL(calls[0].url).pathname, "/subjects/birds-key/versions/latest");
  const { reader: none } = readerOf(() => [404, { error_code: 40401, message: "none" }]);
  const { message } = await assertRejects(() => none.readerSchema("birds"), SchemaRegistryError);
  assertStringIncludes(message, "has no such subject; pass the schema");
  const { reader: other } = readerOf(() => [200, { ...found, schemaType: "JSON" }]);
  await assertRejects(() => other.readerSchema("birds"), SchemaRegistryError, "it is JSON");
  const { reader: garbled } = readerOf(() => [200, { ...found, schema: '{"type":"nope"}' }]);
  await assertRejects(
    () => garbled.readerSchema("birds"),
    SchemaRegistryError,
    'Cannot read "birds" by the latest schema of "birds-value": Cannot use Avro schema: there is no',
  );
  const { reader: moved } = readerOf(() => [302, {}]);
  await assertRejects(
    () => moved.readerSchema("birds"),
    SchemaRegistryError,
    "the address that it redirects to",
  );
});
