import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AvroEncoder, avroSchemaOf, RecordBatch } from "../mod.ts";
import { RegistrySerializer, SchemaRegistry, SchemaRegistryError } from "../src/kafka/kafka.ts";
import { RegistryReader } from "../src/kafka/registry/registry_reader.ts";
import { avroColumns } from "../src/codecs/avro/avro_columns.ts";
import { AvroMessageDecoder } from "../src/codecs/avro/avro_message_decoder.ts";
import { avroMessages } from "../src/codecs/avro/avro_messages.ts";
import { create } from "../src/kernel/kernel.ts";
import { avscType, bufferOf } from "./support/avro_cases.ts";
import { ownKafka, uniqueName } from "./support/kafka/kafka.ts";
import { sharedRegistry } from "./support/kafka/registry.ts";

const NAME = { name: "name", type: "string" };
const V1 = { type: "record", name: "Bird", fields: [NAME] };
const V2 = {
  ...V1,
  fields: [NAME, { name: "wings", type: "int", default: 2 }],
};
const BROKEN = { ...V1, fields: [NAME, { name: "wings", type: "int" }] };

/** What one would write without a client. */
async function asked(url: string, path: string, method = "GET", body?: object) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return await response.json();
}

async function subjectOn(url: string): Promise<string> {
  const topic = uniqueName("reg-birds");
  const schema = JSON.stringify(V1);
  await asked(url, `/subjects/${topic}-value/versions`, "POST", { schema });
  await asked(url, `/config/${topic}-value`, "PUT", { compatibility: "BACKWARD" });
  return topic;
}

/** A registry, and our client of it. */
interface Asked {
  readonly url: string;
  readonly registry: SchemaRegistry;
}

async function writes({ url, registry }: Asked): Promise<void> {
  const topic = uniqueName("reg-birds");
  const batch = RecordBatch.fromRows([{ name: "Gull", n: 1.5 }, { name: "Tern", n: null }]);
  const serializer = new RegistrySerializer({ registry });
  const { id, prefix, schema } = await serializer.prefixFor(topic, avroSchemaOf(batch.schema));
  using encoder = new AvroEncoder(schema);
  const messages = avroMessages(encoder.encode(batch), { schemaId: id });
  const rows = await Promise.all(messages.map(async (message) => {
    assertEquals(message.subarray(0, 5), prefix);
    const number = new DataView(message.buffer).getInt32(1);
    const found = await asked(url, `/schemas/ids/${number}`);
    return avscType(JSON.parse(found.schema)).fromBuffer(bufferOf(message.subarray(5)));
  }));
  assertEquals(rows.map((row) => ({ ...row })), [{ name: "Gull", n: 1.5 }, {
    name: "Tern",
    n: null,
  }]);
  const latest = await registry.latest(`${topic}-value`);
  assertEquals([latest?.id, latest?.version], [id, 1]);
  const again = await new SchemaRegistry({ url }).register(`${topic}-value`, schema);
  assertEquals(again, id);
}

async function reads({ url, registry }: Asked): Promise<void> {
  const topic = await subjectOn(url);
  const first = await registry.lookUp(`${topic}-value`, V1);
  assertEquals(await registry.lookUp(`${topic}-value`, V2), undefined);
  const second = await registry.register(`${topic}-value`, V2);
  const parts = [[first!.id, V1, { name: "Gull" }], [second, V2, {
    name: "Dodo",
    wings: 0,
  }]] as const;
  const all = [0, 1, 1, 0].map((at) => {
    const [id, schema, row] = parts[at];
    const record = avscType(schema).toBuffer(row);
    return [0, id >>> 24, id >>> 16 & 255, id >>> 8 & 255, id & 255, ...record];
  });
  const lengths = Int32Array.from(all, ({ length }) => length);
  const starts = Uint32Array.from(all, (_, at) => all.slice(0, at).flat().length);
  const places = { bytes: new Uint8Array(all.flat()), starts, lengths };
  const reader = new RegistryReader({ registry });
  const schema = await reader.readerSchema(topic);
  const columns = avroColumns(schema);
  using decoder = new AvroMessageDecoder(
    { schema: columns, readerSchema: schema.json, maxRecordBytes: 1000 },
    create(),
  );
  const writers = await reader.writers(decoder.unknownIds(places));
  for (const [id, writer] of writers) decoder.know(id, writer);
  const { batch, bad } = decoder.decode(places);
  assertEquals(bad, []);
  const [gull, dodo] = [{ name: "Gull", wings: 2 }, { name: "Dodo", wings: 0 }];
  assertEquals(batch.toRows(), [gull, dodo, dodo, gull]);
}

async function refuses({ url, registry }: Asked): Promise<void> {
  const topic = await subjectOn(url);
  const subject = `${topic}-value`;
  const refused = await assertRejects(
    () => registry.register(subject, BROKEN),
    SchemaRegistryError,
  );
  assertEquals([refused.status, refused.retriable], [409, false]);
  assertStringIncludes(refused.message, "wings at /fields/1");
  assertStringIncludes(refused.message, "give new fields defaults");
  assertEquals((await registry.checkCompatibility(subject, BROKEN)).isCompatible, false);
  assertEquals((await registry.checkCompatibility(subject, V2)).isCompatible, true);
  assertEquals((await registry.checkCompatibility(uniqueName("reg"), V2)).isCompatible, true);
  const unknown = await assertRejects(() => registry.byId(2 ** 31 - 2), SchemaRegistryError);
  assertStringIncludes(
    unknown.message,
    "it has no schema of the number 2147483646 (error 40403)",
  );
  assertEquals(await registry.latest(uniqueName("reg")), undefined);
  const elsewhere = new SchemaRegistry({ url: new URL("/nowhere", url) });
  const lost = await assertRejects(() => elsewhere.latest(subject), SchemaRegistryError);
  assertStringIncludes(lost.message, "with its path");
}

async function joins({ url, registry }: Asked): Promise<void> {
  const [inner, outer] = [uniqueName("reg-city"), uniqueName("reg-trip")];
  const city = { type: "record", name: "City", namespace: "geo", fields: [NAME] };
  const trip = { type: "record", name: "Trip", fields: [{ name: "to", type: "geo.City" }] };
  await asked(url, `/subjects/${inner}/versions`, "POST", { schema: JSON.stringify(city) });
  const { id } = await asked(url, `/subjects/${outer}/versions`, "POST", {
    schema: JSON.stringify(trip),
    references: [{ name: "geo.City", subject: inner, version: 1 }],
  });
  const { schema } = await registry.byId(id);
  const record = { to: { name: "Rome" } };
  const type = avscType(JSON.parse(schema));
  assertEquals(JSON.stringify(type.fromBuffer(type.toBuffer(record))), JSON.stringify(record));
  assertEquals((await registry.latest(outer))?.schema, schema);
}

async function passesOver({ url }: Asked): Promise<void> {
  const both = new SchemaRegistry({ url: ["http://127.0.0.1:1", url] });
  assert(await both.register(uniqueName("reg"), V1) >= 0);
}

Deno.test(ownKafka.test("a real schema registry and SchemaRegistry agree", async (t) => {
  await using server = await sharedRegistry();
  const { url } = server;
  const at = { url, registry: new SchemaRegistry({ url }) };
  await t.step("what is written can be read by who knows nothing of us", () => writes(at));
  await t.step("what others write by several versions is read as the latest", () => reads(at));
  await t.step("refusals say why", () => refuses(at));
  await t.step("schemas that refer to others are whole", () => joins(at));
  await t.step("an address where nobody is, is passed over", () => passesOver(at));
}));
