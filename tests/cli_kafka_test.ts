import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import { avroMessagePrefix } from "../src/codecs/avro/avro_messages.ts";
import { setKafkaDriver } from "../src/kafka/driver/current_driver.ts";
import type { ConnectionOptions } from "../src/kafka/driver/driver.ts";
import "../src/kafka/kafka.ts"; // which sets a driver of its own, once
import { SimulatedKafka } from "../src/testing/mod.ts";
import { avscType, bufferOf } from "./support/avro_cases.ts";
import { main } from "../src/cli/cli.ts";
import { GRACE_MS } from "../src/cli/kafka/kafka_output.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { spellDuration } from "../src/runtime/duration.ts";
import { nextTurn } from "../src/runtime/next_turn.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { KeptProcess, waggle } from "./support/kept_process.ts";
import { worldWith } from "./support/world_with.ts";

const SECRET = "sesame-31415";
const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const model = `${folder}/model.waggle`;
const START = Date.UTC(2026, 0, 5);
const rows = Array.from({ length: 400 }, (_, i) => ({
  at: new Date(START + i * 1000),
  user: `u${i % 5}`,
  price: i % 9 + 0.5,
}));
const generator = await SyntheticGenerator.fit(rows);
await generator.save(model);

const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);

/** A broker in memory that commands are given, and how they connected. */
function broker(topics: Record<string, number>) {
  const kafka = new SimulatedKafka({ topics });
  const connected: ConnectionOptions[] = [];
  setKafkaDriver({
    name: "simulated",
    connect: (options, given) => {
      connected.push(options);
      return kafka.connect(options, given);
    },
  });
  return { kafka, connected };
}

async function recordsOf(kafka: SimulatedKafka, topic: string) {
  const all = Array.from(
    { length: kafka.partitions(topic) },
    (_, partition) => kafka.records({ topic, partition }),
  );
  return (await Promise.all(all)).flat();
}

Deno.test("waggle stream writes records to a topic, with keys, headers and times of columns", async () => {
  const { kafka, connected } = broker({ orders: 3 });
  const { code, out, err } = await waggle([
    ...["stream", model, "--kafka-servers", "a:9092,b", "--topic", "orders", "--key", "user"],
    ...["--max-records", "250", "--seed", "3", "--record-time", "at"],
    ...["--record-headers", "who=user", "--linger", "1ms", "--acks", "all"],
  ]);
  assertEquals([code, out], [0, ""], err);
  assert(/^250 records in 3 batches to topic orders, [\d,]+\/s\n$/.test(err), err);
  assertEquals(connected[0].bootstrapServers, ["a:9092", "b:9092"]);
  const found = await recordsOf(kafka, "orders");
  const values = found.map(({ value }) => JSON.parse(text(value)!));
  const expected = generator.sample(250, { seed: 3 }).toRows()
    .map(({ at, price }) => ({ at: new Date(at as number).toISOString(), price }));
  const sorted = (all: object[]) => all.map((row) => JSON.stringify(row)).sort();
  assertEquals(sorted(values), sorted(expected)); // what is a header is not in the value
  for (const { key, headers, timestamp, value } of found) {
    assertEquals(Number(timestamp), Date.parse(JSON.parse(text(value)!).at));
    assertEquals(headers.map(([name, each]) => [name, text(each)]), [
      ["who", text(key)],
    ]);
  }
  assertEquals(new Set(found.map(({ key }) => text(key))).size, 5);
  kafka[Symbol.dispose]();
});

Deno.test("waggle sample writes Avro to a topic that it makes, by a schema in a file", async () => {
  const { kafka } = broker({});
  const schema = {
    type: "record",
    name: "Order",
    fields: [
      { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
      { name: "user", type: "string" },
      { name: "price", type: "double" },
    ],
  };
  Deno.writeTextFileSync(`${folder}/order.avsc`, JSON.stringify(schema));
  const { code, err } = await waggle([
    ...["sample", model, "-n", "20", "--key", "user", "-o", "kafka://localhost:9092/made"],
    ...["--create-topic", "--partitions", "2", "--avro-schema", `${folder}/order.avsc`],
    ...["--compression", "none", "--acks", "1"],
  ]);
  assertEquals(code, 0, err);
  assertEquals(kafka.partitions("made"), 2);
  const none = await waggle([
    ...["sample", model, "-n", "0", "-o", "kafka://localhost/none", "--create-topic"],
  ]);
  assertEquals([none.code, kafka.partitions("none")], [0, 1], none.err);
  const found = await recordsOf(kafka, "made");
  const type = avscType(schema);
  const users = found.map(({ value }) => type.fromBuffer(bufferOf(value!)).user).sort();
  assertEquals(users, generator.sample(20).toRows().map(({ user }) => user).sort());
  kafka[Symbol.dispose]();
});

Deno.test("waggle registers the schema of Avro values, and writes its number in front", async () => {
  const { kafka } = broker({ orders: 1 });
  const asked: (string | null)[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      asked.push(`${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
      return Response.json({ id: 77 });
    },
  );
  Deno.writeTextFileSync(`${folder}/registry.secret`, `${SECRET}\n`);
  const { code, err } = await waggle([
    ...["sample", model, "-n", "3", "-o", "kafka://localhost/orders"],
    ...["--schema-registry", `http://127.0.0.1:${server.addr.port}`],
    ...["--registry-user", "ann", "--registry-password-file", `${folder}/registry.secret`],
  ]);
  await server.shutdown();
  assertEquals(code, 0, err);
  assertEquals(asked, [`/subjects/orders-value/versions Basic ${btoa(`ann:${SECRET}`)}`]);
  const found = await recordsOf(kafka, "orders");
  assertEquals(found.map(({ value }) => value!.slice(0, 5)), [
    ...new Array(3).fill(avroMessagePrefix({ schemaId: 77 })),
  ]);
  kafka[Symbol.dispose]();
});

Deno.test("waggle takes passwords of Kafka from a file or the environment, and never shows them", async () => {
  const { kafka, connected } = broker({ orders: 1 });
  const file = `${folder}/kafka.secret`;
  Deno.writeTextFileSync(file, `${SECRET}\n`);
  Deno.writeTextFileSync(`${folder}/ca.pem`, "the certificate");
  const args = [
    "sample",
    model,
    "-n",
    "1",
    "-o",
    "kafka://localhost/orders",
    "--kafka-user",
    "ann",
  ];
  const process = new KeptProcess();
  process.variables.WAGGLE_KAFKA_PASSWORD = SECRET;
  const ends = [
    await waggle([...args, "--kafka-password-file", file, "--sasl", "scram-sha-512", "--tls"]),
    await waggle([...args, "--kafka-ca", `${folder}/ca.pem`], process),
  ];
  assertEquals(ends.map(({ code }) => code), [0, 0], ends.map(({ err }) => err).join());
  const login = { username: "ann", password: SECRET };
  assertEquals(connected.map(({ login }) => login), [
    { tls: true, sasl: { mechanism: "scram-sha-512", ...login } },
    { tls: { ca: "the certificate" }, sasl: { mechanism: "plain", ...login } },
  ]);
  kafka[Symbol.dispose]();
});

Deno.test("waggle takes a token of Kafka from a file, for each connection anew, or the environment", async () => {
  const { kafka, connected } = broker({ orders: 1 });
  const file = `${folder}/token`;
  Deno.writeTextFileSync(file, `${SECRET}\n`);
  const args = ["sample", model, "-n", "1", "-o", "kafka://localhost/orders"];
  const process = new KeptProcess();
  process.variables.WAGGLE_KAFKA_TOKEN = "from the environment";
  const ends = [
    await waggle([...args, "--sasl", "oauthbearer", "--kafka-token-file", file]),
    await waggle([...args, "--sasl", "oauthbearer"], process),
  ];
  assertEquals(ends.map(({ code }) => code), [0, 0], ends.map(({ err }) => err).join());
  const tokens = connected.map(({ login }) => {
    assert(login?.sasl?.mechanism === "oauthbearer");
    return login.sasl.token;
  });
  assertEquals([await tokens[0](), await tokens[1]()], [SECRET, "from the environment"]);
  Deno.writeTextFileSync(file, "renewed");
  assertEquals(await tokens[0](), "renewed");
  kafka[Symbol.dispose]();
});

Deno.test("waggle writes keys as Avro, by the column or a schema in a file, beside values of JSON", async () => {
  const { kafka } = broker({ orders: 1, others: 1 });
  Deno.writeTextFileSync(`${folder}/key.avsc`, '["null", "string"]');
  const args = ["sample", model, "-n", "20", "--key", "user"];
  const ends = [
    await waggle([...args, "-o", "kafka://localhost/orders", "--key-format", "avro"]),
    await waggle([
      ...[...args, "-o", "kafka://localhost/others", "--avro-key-schema", `${folder}/key.avsc`],
    ]),
  ];
  assertEquals(ends.map(({ code }) => code), [0, 0], ends.map(({ err }) => err).join());
  const users = generator.sample(20).toRows().map(({ user }) => user);
  for (const [topic, type] of [["orders", "string"], ["others", ["null", "string"]]] as const) {
    const found = await recordsOf(kafka, topic);
    const keys = found.map(({ key }) => avscType(type as never).fromBuffer(bufferOf(key!)));
    const texts = keys.map((key) => typeof key === "string" ? key : key.string);
    assertEquals(texts, users);
    assertEquals(found.map(({ value }) => JSON.parse(text(value)!).user), users);
  }
  kafka[Symbol.dispose]();
});

Deno.test("flags of Kafka that cannot be are told, and end with 2", async () => {
  const { kafka, connected } = broker({ orders: 1 });
  const TO = ["-o", "kafka://localhost:9092/orders"];
  const empty = `${folder}/empty`;
  Deno.writeTextFileSync(empty, "");
  const cases: readonly [string[], string][] = [
    [["--kafka-servers", "a"], "name that by --topic"],
    [["--topic", "a"], "whose servers are given by --kafka-servers"],
    [["--kafka-servers", "a", "--topic", "t", "-o", "x.csv"], "--output and --kafka-servers"],
    [[...TO, "--topic", "t"], "--output has a topic in it"],
    [["-o", "kafka://ann:geheim@a/t"], "pass --kafka-user"],
    [["-o", "kafka://a:9092"], "a host, a port and a topic, such as kafka://localhost:9092/orders"],
    [["-o", "kafka:a:9092/b"], 'such as kafka://localhost:9092/orders, received "kafka:a:9092/b"'],
    [["-o", "kafka://a/b,c"], "records go to one topic, received b, c"],
    [["-o", "kafka://a/b%c"], "the topic must be 1 to 249 of the characters"],
    [["--acks", "1"], "--acks is of Kafka; give a topic, such as kafka://"],
    [["--key", "user"], "--key is of Kafka"],
    [["--tls"], "--tls is of Kafka"],
    [[...TO, "--format", "csv"], "cannot be of a topic, which takes json, avro"],
    [[...TO, "--partitions", "3"], "--partitions is of --create-topic"],
    [[...TO, "--record-headers", "who"], "headers with their columns, such as trace=id"],
    [[...TO, "--kafka-user", "ann"], "set WAGGLE_KAFKA_PASSWORD, or pass --kafka-password-file"],
    [[...TO, "--kafka-user", "ann", "--kafka-password-file", empty], "is empty"],
    [[...TO, "--kafka-user", "ann", "--kafka-password-file", "/none"], "cannot be read"],
    [[...TO, "--sasl", "plain"], "--sasl is of --kafka-user"],
    [[...TO, "--sasl", "oauthbearer"], "set WAGGLE_KAFKA_TOKEN, or pass --kafka-token-file"],
    [[...TO, "--sasl", "oauthbearer", "--kafka-token-file", empty], "is empty"],
    [[...TO, "--sasl", "oauthbearer", "--kafka-token-file", "/none"], "cannot be read"],
    [[...TO, "--sasl", "oauthbearer", "--kafka-user", "ann"], "takes a token"],
    [[...TO, "--kafka-token-file", empty], "is of --sasl oauthbearer"],
    [[...TO, "--key-format", "avro"], "say by --key which column has them"],
    [[...TO, "--key-format", "plain", "--avro-key-schema", empty], "--key-format says plain"],
    [[...TO, "--kafka-cert", empty], "--kafka-cert and --kafka-key go together"],
    [[...TO, "--registry-user", "ann"], "--registry-user is of --schema-registry"],
    [[...TO, "--schema-registry", "a:b"], "must be a URL"],
    [[...TO, "--avro-schema", empty, "--format", "json"], "--avro-schema is of Avro"],
    [[...TO, "--acks", "1", "--transactional-id", "t"], "--transactional-id needs"],
  ];
  for (const [args, part] of cases) {
    const { code, out, err } = await waggle(["stream", model, "--max-records", "1", ...args]);
    assertStringIncludes(err, part);
    assertEquals([code, out, err.split("\n").length], [2, "", 2], err);
    assert(!err.includes("geheim"), err);
  }
  const forced = await waggle(["sample", model, ...TO, "--force"]);
  assertEquals(forced.code, 2);
  assertStringIncludes(forced.err, "--force replaces a file");
  const ofModel = await waggle(["sample", "kafka://a/orders"]);
  assertEquals(ofModel.code, 2);
  assertStringIncludes(ofModel.err, "`waggle fit kafka://a/orders -o model.waggle`, and give that");
  const intoTopic = await waggle(["fit", "kafka://a/orders", "-o", "kafka://a/model"]);
  assertEquals(intoTopic.code, 2);
  assertStringIncludes(intoTopic.err, "a file such as twin.waggle, and no topic");
  assertEquals(connected, []);
  kafka[Symbol.dispose]();
});

Deno.test("flags about reading topics that cannot be are told, and end with 2", async () => {
  const { kafka, connected } = broker({ orders: 1 });
  const data = `${folder}/some.csv`;
  Deno.writeTextFileSync(data, "at,user\n1,a\n");
  const windows = ["window", "-t", "at", "--tumble", "1m", "-a", "count"];
  const fit = ["fit", "-o", `${folder}/x.waggle`];
  const FROM = "kafka://localhost:9092/orders";
  const cases: readonly [string[], string][] = [
    [windows, "nothing says what to read: give a file, - for the standard input, or --kafka"],
    [[...windows, data, "--kafka", "a/orders"], `give ${data}, or --kafka, and not both`],
    [[...windows, "--kafka", "localhost:9092"], "--kafka takes a host, a port and a topic"],
    [[...windows, "--kafka", "ann:geheim@a/orders"], "--kafka has a name or a password in it"],
    // a host that is called kafka is one
    [[...windows, "--kafka", "kafka:9092/orders", "--from", "committed"], "name it by --group"],
    [[...windows, data, "--from", "latest"], "--from is of Kafka"],
    [[...windows, data, "--group", "g"], "--group is of Kafka"],
    [[...windows, data, "--for", "1m"], "--for is of Kafka"],
    [[...windows, data, "--tls"], "--tls is of Kafka"],
    [
      [...windows, FROM, "--until-end", "--rows", "3"],
      "--until-end and --rows both say where to end",
    ],
    [[...windows, FROM, "--until-end", "--from", "latest"], "what comes from now on"],
    [[...windows, FROM, "--from", "committed"], "name it by --group"],
    [[...windows, FROM, "--group-instance", "a"], "name that by --group"],
    [[...windows, FROM, "--from", "soon"], "--from takes earliest, latest, committed, a time"],
    [[...windows, FROM, "--from", "-soon"], "takes a duration such as"],
    [[...windows, FROM, "--input-format", "csv"], "none of a topic, whose values are json or avro"],
    [[...windows, FROM, "--input-format", "avro"], "pass --schema-registry, or --avro-schema"],
    [[...windows, FROM, "--separator", ";"], "--separator is of CSV"],
    [[...windows, FROM, "--metadata", "who=user"], "--metadata takes key, timestamp, partition"],
    [[...windows, FROM, "--metadata", "key"], "each with a column, such as key=user"],
    [[...windows, FROM, "--schema-registry", "http://a", "--input-format", "json"], "is of Avro"],
    [[...fit, FROM, "--from", "latest"], "say by --for or --rows how much of it"],
    [[...fit, data, "--rows", "3"], "--rows is of Kafka"],
    [[...fit, data, "--metadata", "key=user"], "--metadata is of Kafka"],
    [["report", data, data, "--from", "-1h"], "--from is of Kafka"],
  ];
  for (const [args, part] of cases) {
    const { code, out, err } = await waggle(args);
    assertStringIncludes(err, part);
    assertEquals([code, out, err.split("\n").length], [2, "", 2], err);
    assert(!err.includes("geheim"), err);
  }
  assertEquals(connected, []);
  kafka[Symbol.dispose]();
});

Deno.test("waggle fit reads what a topic has, or a part of it", async () => {
  const { kafka } = broker({ orders: 2 });
  const now = Date.now();
  for (const partition of [0, 1]) {
    kafka.append(
      { topic: "orders", partition },
      Array.from({ length: 100 }, (_, i) => ({
        key: `u${i % 3}`,
        value: JSON.stringify({ at: now - (100 - i) * 60_000, price: i % 7 }),
        timestamp: now - (100 - i) * 60_000,
        headers: { trace: `${i}` },
      })),
    );
  }
  const args = ["fit", "kafka://localhost/orders", "-o", `${folder}/topic.waggle`, "--force"];
  const learned = async (...more: string[]) => {
    const { code, err } = await waggle([...args, "--model", "independent", ...more]);
    assertEquals(code, 0, err);
    return err;
  };
  assertStringIncludes(await learned(), "learned from 200 rows");
  assertStringIncludes(await learned("--rows", "70"), "learned from 70 rows");
  const recent = /learned from (\d+) rows/.exec(await learned("--from", "-30m"))!;
  assert([56, 58, 60].includes(Number(recent[1])), recent[0]);
  const at = new Date(now - 10.5 * 60_000).toISOString();
  assertStringIncludes(await learned("--from", at), "learned from 20 rows");
  assertStringIncludes(
    await learned("--from", "earliest", "--for", "1500ms"),
    "learned from 200 rows",
  );
  // which is over before so many have come that their columns were known
  assertStringIncludes(await learned("--for", "200ms"), "learned from 200 rows");
  const beside = await learned("--metadata", "key=user,partition=p,offset=o,header:trace=id");
  for (const column of ["user", "p", "o", "id"]) assertStringIncludes(beside, `\n  ${column} `);
  const twin = await learned("--time", "at", "--metadata", "key=user", "--key", "user");
  assertStringIncludes(twin, "key: 3 keys");
  kafka[Symbol.dispose]();
});

Deno.test("waggle fit --dead-letters puts what cannot be read aside, and learns from the rest", async () => {
  const { kafka } = broker({ orders: 1, letters: 1 });
  const at = { topic: "orders", partition: 0 };
  kafka.append(at, Array.from({ length: 20 }, (_, i) => ({ value: `{"price":${i}}` })));
  kafka.append(at, [{ value: '{"price": 5,' }, { value: '{"price":31}' }, { value: "" }]);
  const fit = (data: string, ...more: string[]) =>
    waggle(["fit", data, "-o", `${folder}/rest.waggle`, "--force", ...more]);
  const topic = "kafka://localhost/orders";
  const toTopic = await fit(topic, "--dead-letters", "kafka://localhost/letters");
  assertEquals(toTopic.code, 0, toTopic.err);
  assertStringIncludes(toTopic.err, ", 21 rows, 2 dead letters\n");
  const letters = (await recordsOf(kafka, "letters")).map(({ value }) => JSON.parse(text(value)!));
  assertEquals(letters.map(({ record, position }) => [record, position]), [
    ['{"price": 5,', 20],
    ["", 22],
  ]);
  assertStringIncludes(letters[1].error, "the value is empty");
  const file = `${folder}/some.ndjson`;
  Deno.writeTextFileSync(file, '{"n":1}\nnothing\n{"n":2}\n');
  const toFile = await fit(file, "--dead-letters", `${folder}/bad.ndjson`);
  assertStringIncludes(toFile.err, "2 rows, 1 dead letter\n");
  assertEquals(JSON.parse(Deno.readTextFileSync(`${folder}/bad.ndjson`)).position, 2);
  const both = await fit(file, "--dead-letters", "x.csv", "--bad-records", "skip");
  assertStringIncludes(both.err, "--dead-letters and --bad-records skip exclude each other");
  kafka[Symbol.dispose]();
});

Deno.test("waggle window --group goes on where it has ended", async () => {
  const { kafka } = broker({ orders: 1 });
  const append = (from: number, to: number) =>
    kafka.append(
      { topic: "orders", partition: 0 },
      Array.from({ length: to - from }, (_, i) => ({
        value: JSON.stringify({ at: (from + i) * 1000 }),
      })),
    );
  const args = [
    ...["window", "--kafka", "localhost/orders", "-t", "at", "--tumble", "10s", "-a", "count"],
    ...["--group", "windows", "-q", "--until-end"],
  ];
  const windows = async () => {
    const { code, out, err } = await waggle(args);
    assertEquals([code, err], [0, ""]);
    return out.trimEnd().split("\n").filter((line) => line !== "").map((line) => {
      const { windowStart, count } = JSON.parse(line);
      return [Date.parse(windowStart) / 1000, count];
    });
  };
  append(0, 40);
  assertEquals(await windows(), [[0, 10], [10, 10], [20, 10], [30, 10]]);
  append(40, 60);
  assertEquals(await windows(), [[40, 10], [50, 10]]);
  assertEquals(await windows(), []);
  const { err } = await waggle(args.filter((arg) => arg !== "-q"));
  assertStringIncludes(err, "0 late rows; no rows came from kafka://localhost/orders\n");
  kafka[Symbol.dispose]();
});

Deno.test("Ctrl-C leaves windows of a group that are open to the next run, which gives them whole", async () => {
  const { kafka } = broker({ orders: 1 });
  const append = (from: number, to: number) =>
    kafka.append(
      { topic: "orders", partition: 0 },
      Array.from({ length: to - from }, (_, i) => ({ value: `{"at":${(from + i) * 1000}}` })),
    );
  const args = ["window", "kafka://localhost/orders", "-t", "at", "--tumble", "10s", "-a", "count"];
  const process = new KeptProcess();
  const fourWindows = Promise.withResolvers<void>();
  const { write } = process.stdout;
  Object.assign(process.stdout, {
    write: (bytes: Uint8Array) => {
      write(bytes);
      if (process.out.split("\n").length > 4) fourWindows.resolve();
    },
  });
  append(0, 45);
  const ended = waggle([...args, "--group", "g", "--idle", "1h"], process);
  await Promise.race([fourWindows.promise, ended]);
  process.interrupt();
  const { code, out, err } = await ended;
  assertEquals(code, 130, err);
  assert(
    /^45 rows in .*, 4 windows, .*: the group goes on with the windows that were open\n$/.test(err),
    err,
  );
  append(45, 60);
  const next = await waggle([...args, "--group", "g", "--until-end", "-q"]);
  assertEquals([next.code, next.err], [0, ""]);
  const lines = (out + next.out).split("\n").filter((line) => line !== "");
  const counts = [...new Set(lines)].map((line) => JSON.parse(line).count); // some may come twice
  assertEquals(counts, [10, 10, 10, 10, 10, 10]);
  kafka[Symbol.dispose]();
});

/** The world, in which what is waited for on Ctrl-C comes at once. */
function hasty(): Runtime {
  const after: Runtime["after"] = (ms, callback, options) =>
    denoRuntime.after(ms === GRACE_MS ? 0 : ms, callback, options);
  return worldWith({ after });
}

for (const command of ["sample", "stream", "window"] as const) {
  Deno.test(`Ctrl-C ends waggle ${command} soon though no broker answers, and it says so`, async () => {
    const { kafka } = broker({ orders: 1, in: 1 });
    const at = { topic: "in", partition: 0 };
    kafka.append(at, Array.from({ length: 30 }, (_, i) => ({ value: `{"at":${i * 1000}}` })));
    const isAsked = Promise.withResolvers<void>();
    kafka.faults = ({ api }) => {
      if (api !== "produce") return undefined;
      isAsked.resolve();
      return { lose: "answer", silent: true };
    };
    const args = {
      sample: ["sample", model, "-n", "1e6", "-o", "kafka://localhost/orders"],
      stream: ["stream", model, "--kafka-servers", "localhost", "--topic", "orders"],
      window: [
        ...["window", "kafka://localhost/in", "-t", "at", "--tumble", "10s", "-a", "count"],
        ...["-o", "kafka://localhost/orders"],
      ],
    }[command];
    const process = new KeptProcess();
    const ended = main(args, { process, runtime: hasty() });
    await isAsked.promise;
    process.interrupt();
    assertEquals(await ended, 130);
    const told =
      `waggle: no broker has answered for ${
        spellDuration(GRACE_MS)
      }: records that were on their way to topic orders ` +
      "may be there or not\n";
    assertStringIncludes(process.err, told);
    kafka.faults = () => undefined;
    kafka.stop(); // whoever waits for an answer tries again
    kafka.start();
    while (kafka.endOffset({ topic: "orders", partition: 0 }) === 0) await nextTurn(denoRuntime);
    kafka[Symbol.dispose]();
  });
}

Deno.test("waggle window writes poison messages to a topic of dead letters, as they came", async () => {
  const { kafka } = broker({ orders: 1, letters: 1 });
  const at = { topic: "orders", partition: 0 };
  kafka.append(at, Array.from({ length: 30 }, (_, i) => ({ value: `{"at":${i * 1000}}` })));
  kafka.append(at, [{ value: '{"at": 5,' }, { value: '{"at":31000}' }, { value: '{"at":1e300}' }]);
  const { code, out, err } = await waggle([
    ...["window", "kafka://localhost/orders", "-t", "at", "--tumble", "1h", "-a", "count"],
    ...["--until-end", "--dead-letters", "kafka://localhost/letters"],
  ]);
  assertEquals(code, 0, err);
  assertEquals(JSON.parse(out).count, 31);
  assertStringIncludes(err, ", 2 dead letters");
  const letters = (await recordsOf(kafka, "letters")).map(({ value }) => JSON.parse(text(value)!));
  assertEquals(letters.map(({ record, position }) => [record, position]), [
    ['{"at": 5,', 30],
    ['{"at":1e+300}', 32],
  ]);
  assertStringIncludes(letters[0].error, 'topic "orders", partition 0, offset 30');
  assertStringIncludes(letters[1].error, '(topic "orders", partition 0, offset 32)');
  const inApi = letters.filter(({ error }) => /badRecords|deadLetter|\w+: "/.test(error));
  assertEquals(inApi, []);
  kafka[Symbol.dispose]();
});

Deno.test("waggle window --create-topic makes the topic of dead letters, of windows, or of both", async () => {
  const { kafka } = broker({ orders: 1 });
  const at = { topic: "orders", partition: 0 };
  kafka.append(at, [{ value: '{"at":1000}' }, { value: "nothing" }]);
  const window = (...flags: string[]) =>
    waggle([
      ...["window", "kafka://localhost/orders", "-t", "at", "--tumble", "1h", "-a", "count", "-q"],
      ...["--until-end", "--create-topic", ...flags],
    ]);
  const letters = "kafka://localhost/letters";
  const ofLetters = await window("--dead-letters", letters);
  assertEquals([ofLetters.code, ofLetters.err], [0, ""]);
  assertEquals(JSON.parse(ofLetters.out).count, 1);
  assertEquals((await recordsOf(kafka, "letters")).length, 1);
  const counts = "kafka://localhost/counts";
  const ofWindows = await window("-o", counts, "--dead-letters", `${folder}/letters.ndjson`);
  assertEquals([ofWindows.code, ofWindows.err], [0, ""]);
  assertEquals((await recordsOf(kafka, "counts")).length, 1);
  const ofBoth = await window("-o", `${counts}-2`, "--dead-letters", `${letters}-2`);
  assertEquals([ofBoth.code, ofBoth.err], [0, ""]);
  assertEquals((await recordsOf(kafka, "letters-2")).length, 1);
  const ofNone = await window("--dead-letters", `${folder}/more.ndjson`);
  assertStringIncludes(ofNone.err, "--create-topic is of Kafka");
  kafka[Symbol.dispose]();
});

Deno.test("waggle says what to do about a topic that is not there, and one that is not JSON", async () => {
  const { kafka } = broker({ orders: 1, bytes: 1 });
  const fit = (topic: string) => waggle(["fit", `kafka://localhost/${topic}`, "-o", "x", "-q"]);
  const missing = await fit("ordres");
  assertEquals(missing.code, 1);
  assertStringIncludes(
    missing.err,
    'Cannot use topic "ordres": the broker says UNKNOWN_TOPIC_OR_PARTITION: there is no such ' +
      "topic: look at its name, or make it by kafka-topics.sh --create --topic ordres, or by " +
      "writing to it with --create-topic\n",
  );
  kafka.append({ topic: "orders", partition: 0 }, [{ value: "nothing" }]);
  assertStringIncludes(
    (await fit("orders")).err,
    "; write one JSON object in each record; or pass",
  );
  kafka.append({ topic: "bytes", partition: 0 }, [{ value: new Uint8Array([0xff, 0xfe]) }]);
  assertStringIncludes(
    (await fit("bytes")).err,
    "not valid UTF-8; write JSON as UTF-8, or if it is Avro pass --schema-registry or " +
      "--avro-schema; or pass --bad-records skip\n",
  );
  kafka[Symbol.dispose]();
});

Deno.test("waggle says in one line what is wrong with a topic", async () => {
  const { kafka } = broker({ orders: 1 });
  const { code, err } = await waggle(["sample", model, "-o", "kafka://localhost/missing", "-q"]);
  assertEquals([code, err.split("\n").length], [1, 2], err);
  assertStringIncludes(err, "--create-topic");
  kafka[Symbol.dispose]();
});

Deno.test("the command line loads Kafka's client when a topic is named, and not before", () => {
  const src = new URL("../src/", import.meta.url);
  const folders = ["cli/", "cli/commands/", "cli/completions/", "cli/kafka/"];
  const loaded = folders.map((name) => new URL(name, src)).flatMap((folder) =>
    [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".ts")).flatMap(({ name }) => {
      const text = Deno.readTextFileSync(new URL(name, folder));
      const imports = text.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)"/gm);
      return Array.from(imports, ([, from]) => from).filter((from) => from.startsWith("."))
        .map((from) => new URL(from, folder).href.slice(src.href.length));
    })
  );
  assert(loaded.length > 100);
  assertEquals(loaded.filter((path) => path.startsWith("kafka/")), []);
});

Deno.test("waggle window --types says what columns of a topic are, and Avro knows that itself", async () => {
  const { kafka } = broker({ orders: 1 });
  const at = { topic: "orders", partition: 0 };
  const values = Array.from({ length: 20 }, (_, i) => ({ at: i * 1000, v: i === 3 ? "?" : i }));
  kafka.append(at, values.map((value) => ({ value: JSON.stringify(value) })));
  const args = [
    ...["window", "kafka://localhost/orders", "-t", "at", "--tumble", "1h", "--until-end", "-q"],
    ...["-a", "count, sum(v) as all"],
  ];
  assert((await waggle(args)).code !== 0);
  const typed = await waggle([...args, "--types", "v=i64", "--bad-records", "skip"]);
  assertEquals(typed.code, 0, typed.err);
  const { count, all } = JSON.parse(typed.out);
  assertEquals([count, all], [19, 190 - 3]);
  const avro = await waggle([...args, "--types", "v=i64", "--schema-registry", "http://localhost"]);
  assertEquals(avro.code, 2);
  assertStringIncludes(avro.err, "--types is of JSON values");
  kafka[Symbol.dispose]();
});
