import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { kafkaDriver } from "../src/kafka/driver/current_driver.ts";
import type { KafkaDriver } from "../src/kafka/driver/driver.ts";
import { KafkaError, type KafkaLogin, type PasswordLogin } from "../src/kafka/kafka.ts";
import { platformaticDriver } from "../src/kafka/platformatic.ts";
import { openssl } from "./support/kafka/certificates.ts";
import { type KafkaBroker, ownKafka, startKafka, uniqueName } from "./support/kafka/kafka.ts";
import { type ListenerName, PASSWORD, USER } from "./support/kafka/settings.ts";

const LISTENERS = ["ssl", "sslExpired", "sslWrongHost", "sslMutual", "sasl", "saslSsl"] as const;
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;
const CANARY = "a-secret-that-nobody-may-see";
const needed = ownKafka.with(openssl);
const DRIVERS = [kafkaDriver("test"), platformaticDriver];
let broker: KafkaBroker;
let driver: KafkaDriver;

Deno.test.beforeAll(async () => {
  if (needed.reason === undefined) broker = await startKafka({ listeners: LISTENERS });
});
Deno.test.afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
});

function test(name: string, work: () => Promise<void>): void {
  for (const each of DRIVERS) {
    const named = `${each.name}: ${name}`;
    Deno.test(needed.test(named, async () => {
      driver = each;
      await work();
    }));
  }
}

async function reach(listener: ListenerName | "plain", login?: KafkaLogin): Promise<void> {
  await using cluster = await driver.connect({
    bootstrapServers: [`127.0.0.1:${broker.ports[listener]}`],
    clientId: "waggle-test",
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 5_000,
    ...(login && { login }),
  });
  const topic = uniqueName("drv-login");
  assertEquals(await cluster.createTopics([{ topic, partitions: 1 }]), [topic]);
}

/** What is said of a listener that does not let us in, in which no secret may stand. */
async function refusal(listener: ListenerName | "plain", login?: KafkaLogin): Promise<string> {
  const error = await assertRejects(() => reach(listener, login), KafkaError);
  for (let cause: unknown = error; cause !== undefined; cause = (cause as Error).cause) {
    const shown = Deno.inspect(cause, { depth: 20, showHidden: true }) + (cause as Error).stack;
    for (const secret of [PASSWORD, CANARY]) assert(!shown.includes(secret), shown);
  }
  assertStringIncludes(error.message, `127.0.0.1:${broker.ports[listener]} `);
  return error.message;
}

const trusted = () => ({ ca: broker.certificates!.ca });
const login = (mechanism: PasswordLogin["mechanism"], password = PASSWORD): PasswordLogin => ({
  mechanism,
  username: USER,
  password,
});

function base64(value: unknown): string {
  return btoa(JSON.stringify(value)).replaceAll("=", "");
}

/** A token that brokers take which do not check who has signed it. */
function unsecuredToken(): string {
  const seconds = Math.floor(Date.now() / 1_000);
  const claims = { sub: USER, iat: seconds - 10, exp: seconds + 600 };
  return `${base64({ alg: "none" })}.${base64(claims)}.`;
}

test("TLS with the authority's certificate reaches the broker, with another name by serverName", async () => {
  await reach("ssl", { tls: trusted() });
  await reach("sslWrongHost", { tls: { ...trusted(), serverName: "elsewhere.example" } });
  const { client } = broker.certificates!;
  await reach("sslMutual", { tls: { ...trusted(), ...client } });
});

test("a certificate that has expired, is for another host or of an unknown authority is named", async () => {
  assertStringIncludes(await refusal("sslExpired", { tls: trusted() }), "has expired");
  const wrongHost = await refusal("sslWrongHost", { tls: trusted() });
  assertStringIncludes(wrongHost, "another name");
  assertStringIncludes(wrongHost, "tls.serverName");
  assertStringIncludes(await refusal("ssl", { tls: true }), "not trusted");
  assertStringIncludes(await refusal("sslMutual", { tls: trusted() }), "tls.cert and tls.key");
});

test("plain text and TLS at each other's ports say what may be wrong", async () => {
  assertStringIncludes(await refusal("ssl"), "does it want TLS");
  assertStringIncludes(await refusal("plain", { tls: trusted() }), "does it speak TLS");
});

for (const mechanism of MECHANISMS) {
  test(`${mechanism} lets in who has the password, and names who has not`, async () => {
    await reach("sasl", { sasl: login(mechanism) });
    await reach("saslSsl", { tls: trusted(), sasl: login(mechanism) });
    const said = await refusal("sasl", { sasl: login(mechanism, CANARY) });
    assertStringIncludes(said, JSON.stringify(USER));
    assertStringIncludes(said, mechanism.toUpperCase());
  });
}

test("OAUTHBEARER takes a token, and shows none", async () => {
  await reach("sasl", { sasl: { mechanism: "oauthbearer", token: unsecuredToken } });
  const bad = await refusal("sasl", { sasl: { mechanism: "oauthbearer", token: () => CANARY } });
  assertStringIncludes(bad, "check the token");
  const token = () => Promise.reject(new TypeError(`no token with ${CANARY}`));
  const none = await refusal("sasl", { sasl: { mechanism: "oauthbearer", token } });
  assertStringIncludes(none, "sasl.token() threw (TypeError)");
});

test("a login where there is none, and none where there is one, say so", async () => {
  assertStringIncludes(await refusal("sasl"), "does it want a login?");
  const said = await refusal("plain", { sasl: login("plain", CANARY) });
  assertStringIncludes(said, "takes no logins at this port");
});
