// What listens at a broker's port is no broker: that is an error, and never the end of the process.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { kafkaDriver } from "../src/kafka/driver/current_driver.ts";
import type { KafkaDriver } from "../src/kafka/driver/driver.ts";
import { KafkaError } from "../src/kafka/driver/kafka_error.ts";
import "../src/kafka/kafka.ts";
import { platformaticDriver } from "../src/kafka/platformatic.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";

const HTTP = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n");
const ANSWERS: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "zeros": new Uint8Array(5000),
  "a length below zero": new Uint8Array(64).fill(0xff),
  "a length of 2 GiB": Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0),
  "an answer that is too short": Uint8Array.of(0, 0, 0, 2, 7, 7),
  "answers that are too short": Uint8Array.of(0, 0, 0, 2, 7, 7, 0, 0, 0, 1, 9),
  "HTTP": HTTP,
};

/** Answers whatever comes with the same bytes, or what a function says, until it is hung up on. */
function listening(
  answer: Uint8Array<ArrayBuffer> | ((given: { heard: Uint8Array }) => Uint8Array),
): { address: string } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async (conn: Deno.Conn) => {
    const heard = new Uint8Array(1024);
    try {
      while (await conn.read(heard) !== null) {
        await conn.write(typeof answer === "function" ? answer({ heard }) : answer);
      }
    } catch {
      // hung up in the middle
    } finally {
      conn.close();
    }
  };
  const serving = (async () => {
    const all: Promise<void>[] = [];
    for await (const conn of listener) all.push(serve(conn));
    await Promise.all(all);
  })();
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
    },
  };
}

async function connecting(driver: KafkaDriver, address: string): Promise<KafkaError> {
  const connection = {
    ...{ bootstrapServers: [address], clientId: "test" },
    ...{ connectionTimeoutMs: 5000, requestTimeoutMs: 5000 },
  };
  const connect = () => driver.connect(connection, { runtime: denoRuntime });
  return await assertRejects(connect, KafkaError, `Cannot connect to Kafka: ${address} `);
}

for (const driver of [kafkaDriver("test"), platformaticDriver]) {
  for (const [what, answer] of Object.entries(ANSWERS)) {
    Deno.test(`a server that answers ${what} is told to be no broker (${driver.name})`, async () => {
      await using server = listening(answer);
      const { message } = await connecting(driver, server.address);
      assert(message.includes("sent what no Kafka broker sends"), message);
      assertEquals(message.includes("did not answer"), false);
    });
  }

  Deno.test(`a broker that answers nonsense is told to be none (${driver.name})`, async () => {
    await using server = listening(({ heard }) => {
      const answer = new Uint8Array(20).fill(0x55);
      answer.set([0, 0, 0, 16]);
      answer.set(heard.subarray(8, 12), 4); // to this request
      return answer;
    });
    const { message } = await connecting(driver, server.address);
    assert(message.includes("sent what no Kafka broker sends"), message);
  });
}
