import { assertEquals, assertThrows } from "@std/assert";
import { checkTopic, kafkaConnection } from "../src/kafka/driver/kafka_connection.ts";

// deno-lint-ignore no-explicit-any -- programs that are not type-checked
type Any = any;

const CANARY = "canary-of-a-password";

function connect(given: Any) {
  return kafkaConnection({ bootstrapServers: "a", ...given }, "create KafkaPublisher");
}

Deno.test("kafkaConnection() reads addresses as a text or a list, and fills in the port", () => {
  const servers = (bootstrapServers: Any) => connect({ bootstrapServers }).bootstrapServers;
  assertEquals(servers("a:1,b:2"), ["a:1", "b:2"]);
  assertEquals(servers(["a", " [::1]:9093 ", "10.0.0.1"]), [
    "a:9092",
    "[::1]:9093",
    "10.0.0.1:9092",
  ]);
});

Deno.test("kafkaConnection() refuses what is no address, and shows none with a password in it", () => {
  const wrong = ["", "a b", "a:0", "a:65536", "a:x", "kafka://a:1", [], [5], {}, null, undefined];
  for (const bootstrapServers of wrong) {
    assertThrows(() => connect({ bootstrapServers }), TypeError, "bootstrapServers must be");
  }
  const error = assertThrows(() => connect({ bootstrapServers: `me:${CANARY}@a:9092` }));
  assertEquals(Deno.inspect(error).includes(CANARY), false);
});

Deno.test("kafkaConnection() refuses logins that cannot be, without a word of the password", () => {
  const wrong: [Any, string][] = [
    [{ mechanism: "gssapi", password: CANARY }, 'sasl.mechanism must be one of "plain"'],
    [{ mechanism: "plain", username: "me" }, "sasl.password must be a text"],
    [{ mechanism: "plain", username: "", password: CANARY }, "sasl.username must be a text"],
    [{ mechanism: "plain", user: "me", password: CANARY }, "mechanism, username and password"],
    [{ mechanism: "oauthbearer", token: CANARY }, "sasl.token must be a function"],
    [{ mechanism: "oauthbearer", token: () => CANARY, password: CANARY }, "mechanism, token here"],
    [null, "sasl.mechanism must be one of"],
  ];
  for (const [sasl, part] of wrong) {
    const error = assertThrows(() => connect({ sasl }), TypeError, part);
    assertEquals(Deno.inspect(error).includes(CANARY), false);
  }
});

Deno.test("kafkaConnection() refuses TLS settings that cannot be", () => {
  const wrong: [Any, string][] = [
    ["yes", "tls must be true, false or an object"],
    [{ rejectUnauthorized: false }, 'no option "rejectUnauthorized"'],
    [{ ca: 5 }, "tls.ca must be a text, or several"],
    [{ cert: "x" }, "tls.cert and tls.key go together"],
  ];
  for (const [tls, part] of wrong) assertThrows(() => connect({ tls }), TypeError, part);
  assertEquals(connect({ tls: { ca: ["a", "b"] } }).login, { tls: { ca: ["a", "b"] } });
  assertEquals(connect({}).login, undefined);
});

Deno.test("checkTopic() refuses names that brokers refuse", () => {
  for (const topic of ["", ".", "..", "a b", "ä", "x".repeat(250), 5, undefined] as Any[]) {
    assertThrows(() => checkTopic("topic", topic, "do it"), TypeError, "topic must be 1 to 249");
  }
  assertEquals(checkTopic("topic", "a.b_c-1", "do it"), "a.b_c-1");
});
