import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { StreamServer, SyntheticGenerator } from "../../mod.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import { FrameError, FrameReader } from "../../src/sources/websocket_server/frames.ts";
import { SocketServer } from "../../src/sources/websocket_server/socket_server.ts";
import type { ServerSocket } from "../../src/sources/websocket_server/server_socket.ts";
import { MemoryTcp } from "../support/memory_tcp.ts";
import { forSeeds, forSeedsAsync, type Random } from "../support/random.ts";
import { clientFrame, clientText, RawClient, upgradeHead } from "../support/raw_websocket.ts";

const numbered = await SyntheticGenerator.fit(
  Array.from({ length: 50 }, (_, i) => ({ id: i + 1, x: i % 7 })),
  { primaryKey: "id" },
);

const REQUESTS = [
  ...["", "{", "[]", "null", "5", '"stream"', "{}", '{"action":"dance"}'],
  ...['{"action":"stop"}', '{"action":"generate","records":3}', '{"action":"generate"}'],
  ...['{"action":"stream","rate":1e9}', '{"action":"stream","conditions":{"x":[">",9]}}'],
  ...['{"action":"stream","batchSize":7,"interval":"30ms"}', '{"__proto__":{"action":"stop"}}'],
  '{"action":"stream","conditions":' + '{"not":'.repeat(500) + "{}" + "}".repeat(500) + "}",
];

function garbage(random: Random): Uint8Array {
  return Uint8Array.from({ length: random.below(200) }, () => random.below(256));
}

/** What somebody might send who means no good, or is broken. */
function someBytes(random: Random): Uint8Array {
  const text = random.pick(REQUESTS);
  switch (random.below(8)) {
    case 0:
      return garbage(random);
    case 1:
      return clientText(text).subarray(0, random.below(20)); // and then it may leave
    case 2:
      return clientFrame(random.below(16), garbage(random), {
        isFinal: random.chance(0.5),
        reserved: random.chance(0.2) ? 0x10 : 0,
        isMasked: random.chance(0.8),
      });
    case 3:
      return clientFrame(9, garbage(random).subarray(0, 125));
    case 4:
      return clientFrame(2, new Uint8Array(0), { length: random.below(2 ** 31) });
    default:
      return clientText(text);
  }
}

/** Connects, does some of it, reads or does not, and leaves, some without a word. */
async function misbehave(
  network: MemoryTcp,
  runtime: SimulatedRuntime,
  random: Random,
): Promise<void> {
  const tcp = network.connect();
  const client = new RawClient(tcp);
  const later = (ms: number) => new Promise<void>((resolve) => runtime.after(ms, resolve));
  const sends = random.chance(0.9);
  const head = random.chance(0.9) ? upgradeHead() : new TextDecoder().decode(garbage(random));
  await client.send(new TextEncoder().encode(head)).catch(() => {});
  const reading = random.chance(0.6) ? client.rest().catch(() => "") : undefined;
  for (let i = random.below(30); i > 0 && sends; i--) {
    const left = later(random.below(2000));
    const sending = client.send(someBytes(random)).catch(() => {});
    if (random.chance(0.5)) await Promise.race([sending, left]);
    else await left;
  }
  if (random.chance(0.8)) await later(random.below(40_000));
  tcp.close();
  await reading;
}

Deno.test("FrameReader takes any bytes for frames or says what is wrong, and keeps no more than it may", () => {
  forSeeds(3000, (random) => {
    const reader = new FrameReader({ maxMessageBytes: 300 });
    try {
      for (let i = 0; i < 20; i++) {
        for (const frame of reader.push(random.chance(0.5) ? someBytes(random) : garbage(random))) {
          if (frame.kind === "message") assert(frame.data.length <= 300);
        }
      }
    } catch (error) {
      assert(error instanceof FrameError, String(error));
      assert([1002, 1007, 1009].includes(error.code));
    }
  });
});

Deno.test("StreamServer serves the polite, whatever others do, and nothing is left of them", async () => {
  await forSeedsAsync(8, async (random, seed) => {
    const runtime = new SimulatedRuntime({ seed });
    const network = new MemoryTcp(random.pick([50, 1000, 20_000]));
    const server = new StreamServer(numbered, {
      network,
      runtime,
      highWater: 2000,
      slowClients: random.pick(["wait", "conflate", "drop", "close"]),
      stallTimeout: "5s",
      idleTimeout: "10s",
    });
    await runtime.drive(async () => {
      await server.listen();
      const polite = new RawClient(network.connect());
      assertStringIncludes(await polite.ask(upgradeHead()), "HTTP/1.1 101 ");
      const others = Array.from({ length: 15 }, () => misbehave(network, runtime, random));
      for (let i = 0; i < 300; i++) {
        const frame = await polite.frame();
        if (frame?.opcode === 9) {
          await polite.send(clientFrame(10, frame.payload));
          i--;
          continue;
        }
        const rows = JSON.parse(new TextDecoder().decode(frame?.payload));
        assertEquals(rows[0].id, 10 * i + 1);
      }
      await Promise.all(others);
      polite.tcp.close();
      await server[Symbol.asyncDispose]();
    });
    assertEquals(server.metrics().connections, 0, `seed ${seed}`);
  });
});

Deno.test("A server holds no more for a client than it was given, however many questions it asks", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const network = new MemoryTcp(100);
  const server = new StreamServer(numbered, {
    ...{ network, runtime, highWater: 2000, streamOnConnect: false, stallTimeout: "30s" },
  });
  await runtime.drive(async () => {
    await server.listen();
    const client = new RawClient(network.connect());
    await client.ask(upgradeHead());
    let asked = 0;
    const asking = (async () => {
      while (true) {
        await client.send(clientText("{}"));
        asked++;
      }
    })();
    asking.catch(() => {}); // when it is cut off
    // It takes a byte now and then, so that it does not count as gone.
    for (let i = 0; i < 40; i++) {
      await new Promise<void>((resolve) => runtime.after(5000, resolve));
      await client.tcp.read(new Uint8Array(1));
    }
    assert(asked < 100, `${asked} were answered`);
    client.tcp.close();
    await server[Symbol.asyncDispose]();
  });
});

Deno.test("SocketServer is left with nothing of a storm of clients that come and go", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const network = new MemoryTcp();
  const sockets = new Set<ServerSocket>();
  const server = new SocketServer({ network, runtime, maxConnections: 20 }, {
    created: "TestServer",
    maxMessageBytes: 100,
    readBytes: 100,
    opened: (socket) => {
      sockets.add(socket);
      return { message: () => {}, drained: () => {}, ended: () => void sockets.delete(socket) };
    },
  });
  await runtime.drive(async () => {
    server.listen();
    await forSeedsAsync(500, async (random) => {
      const client = new RawClient(network.connect());
      if (random.chance(0.1)) return client.tcp.close();
      const head = await client.ask(upgradeHead());
      assert(/^HTTP\/1.1 (101|503) /.test(head), head);
      if (random.chance(0.3)) await client.send(clientText("half").subarray(0, 4)).catch(() => {});
      if (random.chance(0.3)) await client.send(clientFrame(8, new Uint8Array(0))).catch(() => {});
      client.tcp.close();
    });
    await server.close();
  });
  const { connections, accepted, refused } = server.figures;
  assertEquals([connections, sockets.size], [0, 0]);
  assert(accepted > 300 && accepted + refused <= 500, `${accepted} and ${refused}`);
});
