import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { parseAvroSchema, RetryPolicy } from "../mod.ts";
import {
  SchemaRegistry,
  SchemaRegistryError,
  type SchemaRegistryOptions,
} from "../src/kafka/kafka.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { type RegistryCall, registryNetwork, type RegistryReply } from "./support/fake_registry.ts";

const URL = "http://registry:8081";
const SECRET = "sesame-31415";
const SCHEMA = { type: "record", name: "Bird", fields: [{ name: "name", type: "string" }] };
const JSON_SCHEMA = JSON.stringify(SCHEMA);
const NO_RETRY = new RetryPolicy({ maxRetries: 0 });
const FAST = new RetryPolicy({ maxRetries: 3, initialBackoff: 1, maxBackoff: 2 });

type Answer = (call: RegistryCall) => RegistryReply | Promise<RegistryReply>;

function registryOf(answer: Answer, options: Partial<SchemaRegistryOptions> = {}) {
  const network = registryNetwork(answer);
  const registry = new SchemaRegistry({ url: URL, network, retryPolicy: NO_RETRY, ...options });
  return { registry, calls: network.calls };
}

async function failure(work: Promise<unknown>): Promise<SchemaRegistryError> {
  return await assertRejects(() => work, SchemaRegistryError);
}

Deno.test("SchemaRegistry registers a schema once, however often it is asked", async () => {
  const { registry, calls } = registryOf(() => [200, { id: 7 }]);
  const both = [registry.register("a-value", SCHEMA), registry.register("a-value", JSON_SCHEMA)];
  assertEquals(await Promise.all(both), [7, 7]);
  assertEquals(await registry.register("a-value", SCHEMA), 7);
  assertEquals(calls.map(({ method, url, body }) => ({ method, url, body })), [
    { method: "POST", url: `${URL}/subjects/a-value/versions`, body: { schema: JSON_SCHEMA } },
  ]);
  assertEquals(calls[0].headers.get("content-type"), "application/vnd.schemaregistry.v1+json");
});

Deno.test("SchemaRegistry escapes subjects and keeps the path of its address", async () => {
  const { registry, calls } = registryOf(
    () => [200, { id: 7 }],
    { url: `${URL}/apis/ccompat/v7/` },
  );
  await registry.register("a/b c?-value", SCHEMA);
  assertEquals(calls[0].url, `${URL}/apis/ccompat/v7/subjects/a%2Fb%20c%3F-value/versions`);
});

Deno.test("SchemaRegistry asks for the schema of a number once, and keeps no more than it may", async () => {
  const { registry, calls } = registryOf(() => [200, { schema: JSON_SCHEMA }], { cacheSize: 2 });
  const first = await Promise.all([registry.byId(1), registry.byId(1)]);
  assertEquals(first[0], { id: 1, schema: JSON_SCHEMA, schemaType: "AVRO" });
  await registry.byId(2);
  await registry.byId(1);
  await registry.byId(3); // in the place of 2
  await registry.byId(1);
  await registry.byId(2);
  const asked = calls.map(({ url }) => url.split("/").at(-1));
  assertEquals(asked, ["1", "2", "3", "2"]);
});

Deno.test("SchemaRegistry ends a shared request when nobody waits for it any more", async () => {
  const { registry, calls } = registryOf(({ signal }) => {
    const { promise, reject } = Promise.withResolvers<RegistryReply>();
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise;
  });
  const [first, second] = [new AbortController(), new AbortController()];
  const one = registry.byId(1, { signal: first.signal });
  const two = registry.byId(1, { signal: second.signal });
  await new Promise((resolve) => setTimeout(resolve));
  first.abort(new Error("enough"));
  await assertRejects(() => one, Error, "enough");
  assert(!calls[0].signal.aborted);
  second.abort(new Error("for me too"));
  await assertRejects(() => two, Error, "for me too");
  assertEquals([calls.length, calls[0].signal.aborted], [1, true]);
});

Deno.test("SchemaRegistry says why a schema is not compatible, in the registry's words", async () => {
  const { registry, calls } = registryOf(({ url }) =>
    url.includes("/compatibility/")
      ? [200, { is_compatible: false, messages: ["READER_FIELD_MISSING_DEFAULT_VALUE: age"] }]
      : [409, { error_code: 409, message: "Schema is incompatible with an earlier one" }]
  );
  const error = await failure(registry.register("a-value", SCHEMA));
  assertEquals(
    error.message,
    'Cannot register the schema of "a-value" with http://registry:8081/: the answer was 409 (Schema is ' +
      "incompatible with an earlier one): READER_FIELD_MISSING_DEFAULT_VALUE: age; give new fields " +
      "defaults and keep the others' types, or lower the subject's compatibility",
  );
  assertEquals([error.status, error.retriable], [409, false]);
  assertEquals(error.reasons, [
    "Schema is incompatible with an earlier one",
    "READER_FIELD_MISSING_DEFAULT_VALUE: age",
  ]);
  assertEquals(calls.length, 2);
});

Deno.test("SchemaRegistry tells refusals by their status, with what to do", async () => {
  const cases: readonly [RegistryReply, string, string][] = [
    [
      [422, { error_code: 42201, message: "Invalid\n schema" }],
      "422, error 42201 (Invalid schema)",
      "correct",
    ],
    [
      [401, { error_code: 401, message: "Unauthorized" }],
      "401 (Unauthorized)",
      "username and password",
    ],
    [[403, "no\u001b[31mthing"], "403 (no\\u001b[31mthing)", "credentials"],
    [[404, "<html>Not found</html>"], "404;", "with its path"],
    [[302, "", { location: "http://elsewhere/" }], "302", ""],
  ];
  for (const [reply, text, hint] of cases) {
    const { registry } = registryOf(() => reply);
    const { message, retriable } = await failure(registry.register("a-value", SCHEMA));
    assertStringIncludes(message, text);
    assertStringIncludes(message, hint);
    assertEquals(retriable, false, text);
  }
});

Deno.test("SchemaRegistry tells a number that it does not know, and asks for it again", async () => {
  const { registry, calls } = registryOf(
    () => [404, { error_code: 40403, message: "Schema not found" }],
  );
  const { message, errorCode } = await failure(registry.byId(12));
  assertEquals(
    message,
    "Cannot get schema 12 from http://registry:8081/: it has no schema of the number 12 (error 40403); " +
      "look whether the records were written with another registry, or whether it was deleted there",
  );
  assertEquals(errorCode, 40403);
  await failure(registry.byId(12));
  assertEquals(calls.length, 2);
});

Deno.test("SchemaRegistry gives nothing for a subject that there is not", async () => {
  const { registry } = registryOf(() => [404, { error_code: 40401, message: "Subject not found" }]);
  assertEquals(await registry.latest("a-value"), undefined);
  assertEquals(await registry.lookUp("a-value", SCHEMA), undefined);
  assertEquals(await registry.checkCompatibility("a-value", SCHEMA), {
    isCompatible: true,
    reasons: [],
  });
  const { registry: page } = registryOf(() => [404, "no such page"]);
  await failure(page.latest("a-value"));
});

Deno.test("SchemaRegistry finds the latest version each time, and others once", async () => {
  const found = { subject: "a-value", version: 3, id: 9, schema: JSON_SCHEMA };
  const { registry, calls } = registryOf(() => [200, found]);
  const expected = { ...found, schemaType: "AVRO" };
  assertEquals(await registry.latest("a-value"), expected);
  assertEquals(await registry.latest("a-value"), expected);
  assertEquals(await registry.lookUp("a-value", SCHEMA), expected);
  assertEquals(await registry.lookUp("a-value", SCHEMA), expected);
  assertEquals(calls.map(({ method }) => method), ["GET", "GET", "POST"]);
});

Deno.test("SchemaRegistry tries what may pass again, and tells when it does not", async () => {
  let asked = 0;
  const { registry } = registryOf(
    () => ++asked < 3 ? [500, { error_code: 50001, message: "store" }] : [200, { id: 1 }],
    { retryPolicy: FAST },
  );
  assertEquals(await registry.register("a-value", SCHEMA), 1);
  const { registry: down, calls } = registryOf(() => [503, "busy"], { retryPolicy: FAST });
  const error = await failure(down.byId(1));
  assertEquals([error.retriable, error.status, calls.length], [true, 503, 4]);
});

Deno.test("SchemaRegistry waits no longer than requestTimeout, and as long as it is asked to before a retry", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const times: number[] = [];
  const { registry } = registryOf(({ signal }) => {
    times.push(runtime.monotonicMs());
    if (times.length === 1) return [429, "slowly", { "retry-after": "7" }];
    if (times.length === 3) return [200, { id: 1 }];
    const { promise, reject } = Promise.withResolvers<RegistryReply>();
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise;
  }, { runtime, retryPolicy: FAST, requestTimeout: "5s" });
  assertEquals(await runtime.drive(() => registry.register("a-value", SCHEMA)), 1);
  const waits = times.map((time) => Math.floor((time - times[0]) / 1000));
  assertEquals(waits, [0, 7, 12]);
});

Deno.test("SchemaRegistry tries its addresses in turn, and stays with the one that answers", async () => {
  const { registry, calls } = registryOf(
    ({ url }) => {
      if (url.startsWith("http://one")) throw new TypeError("connection refused");
      return [200, { schema: JSON_SCHEMA }];
    },
    { url: "http://one:1, http://two:2" },
  );
  await registry.byId(1);
  await registry.byId(2);
  assertEquals(calls.map(({ url }) => url.slice(0, 10)), [
    "http://one",
    "http://two",
    "http://two",
  ]);

  const { registry: none } = registryOf(() => {
    throw new TypeError("connection refused");
  }, { url: ["http://one", "http://two"] });
  const { message, retriable } = await failure(none.byId(1));
  assertEquals(
    message,
    "Cannot get schema 1 from http://one/: connection refused; nor get schema 1 from http://two/: " +
      "connection refused",
  );
  assert(retriable);
});

Deno.test("SchemaRegistry refuses answers that are none of a registry", async () => {
  const answers: readonly [RegistryReply, string][] = [
    [[200, "<html>Welcome</html>"], "is no JSON"],
    [[200, {}], "has no schema"],
    [[200, [1]], "has no schema"],
    [[200, "x".repeat((16 << 20) + 1)], "larger than 16777216 bytes"],
  ];
  for (const [reply, text] of answers) {
    const { registry } = registryOf(() => reply);
    const { message, retriable } = await failure(registry.byId(1));
    assertStringIncludes(message, text);
    assertEquals(retriable, false);
  }
});

Deno.test("SchemaRegistry puts the types of other subjects into the schemas that refer to them", async () => {
  const city = { type: "record", name: "City", fields: [{ name: "name", type: "string" }] };
  const place = {
    type: "record",
    name: "Place",
    namespace: "geo",
    fields: [{ name: "city", type: "City" }, { name: "kind", type: "Kind" }],
  };
  const kind = { type: "enum", name: "geo.Kind", symbols: ["A", "B"] };
  const trip = {
    type: "record",
    name: "trips.Trip",
    fields: [
      { name: "from", type: "geo.Place" },
      { name: "to", type: ["null", "geo.Place"], default: null },
      { name: "stops", type: { type: "array", items: "City" } },
      { name: "weight", type: "long", default: 9007199254740993 },
    ],
  };
  const refer = (name: string) => ({ name, subject: `${name}-s`, version: 2 });
  const answers: Record<string, [object, string[]]> = {
    "/schemas/ids/5": [trip, ["geo.Place", "City"]],
    "/subjects/geo.Place-s/versions/2": [place, ["City", "geo.Kind"]],
    "/subjects/City-s/versions/2": [city, []],
    "/subjects/geo.Kind-s/versions/2": [kind, []],
  };
  const { registry, calls } = registryOf(({ url }) => {
    const [schema, names] = answers[new globalThis.URL(url).pathname];
    const text = JSON.stringify(schema).replace("9007199254740992", "9007199254740993");
    return [200, { schema: text, references: names.map(refer) }];
  });
  const { schema } = await registry.byId(5);
  assertStringIncludes(schema, "9007199254740993");
  const parsed = parseAvroSchema(schema);
  assertEquals([...parsed.named.keys()], ["trips.Trip", "geo.Place", "City", "geo.Kind"]);
  assertEquals(calls.length, 4);
  await registry.byId(5);
  assertEquals(calls.length, 4);
});

Deno.test("SchemaRegistry says who asks, and tells no secrets", async () => {
  const ways: readonly [Partial<SchemaRegistryOptions>, string][] = [
    [{ username: "ann", password: SECRET }, `Basic ${btoa(`ann:${SECRET}`)}`],
    [{ url: `http://ann:${SECRET}@registry:8081` }, `Basic ${btoa(`ann:${SECRET}`)}`],
    [{ token: SECRET }, `Bearer ${SECRET}`],
  ];
  for (const [options, expected] of ways) {
    const echo: Answer = ({ headers }) => {
      const said = `not you: ${headers.get("authorization")} ${SECRET}`;
      return [401, { error_code: 40101, message: said }];
    };
    const { registry, calls } = registryOf(echo, options);
    const error = await failure(registry.byId(1));
    assertEquals(calls[0].headers.get("authorization"), expected);
    const { registry: broken } = registryOf(() => {
      throw new Error(`cannot connect with ${SECRET}`);
    }, options);
    const shown = Deno.inspect([registry, error, await failure(broken.byId(1))], { depth: 20 });
    assert(!shown.includes(SECRET) && !shown.includes(btoa(`ann:${SECRET}`)), shown);
    assertStringIncludes(error.message, "[secret]");
  }
});

Deno.test("SchemaRegistry refuses options and numbers that cannot be", async () => {
  const cases: readonly [object, string][] = [
    [{ url: [] }, "received none"],
    [{ url: "registry:8081" }, "url must be a URL"],
    [{ url: `${URL}?a=1` }, "without a query"],
    [{ url: URL, username: "ann" }, "go together"],
    [{ url: URL, username: "ann", password: "b", token: "c" }, "not both"],
    [{ url: URL, token: "" }, "token must be a text"],
    [{ url: URL, cacheSize: 0 }, "cacheSize"],
    [{ url: URL, uri: URL }, "did you mean url?"],
  ];
  for (const [options, text] of cases) {
    assertThrows(() => new SchemaRegistry(options as SchemaRegistryOptions), Error, text);
  }
  const { registry } = registryOf(() => [200, {}]);
  for (const id of [-1, 0.5, 2 ** 31]) {
    await assertRejects(() => registry.byId(id), RangeError, "its number must be a whole one");
  }
});
