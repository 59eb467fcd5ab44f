import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import {
  SocketServer,
  type SocketServerOptions,
} from "../src/sources/websocket_server/socket_server.ts";
import type { ServerSocket, SocketEnd } from "../src/sources/websocket_server/server_socket.ts";
import { MemoryTcp } from "./support/memory_tcp.ts";
import {
  ACCEPTED,
  clientFrame,
  clientText,
  RawClient,
  upgradeHead,
} from "./support/raw_websocket.ts";

interface World {
  readonly runtime: SimulatedRuntime;
  readonly server: SocketServer;
  readonly sockets: ServerSocket[];
  readonly ends: SocketEnd[];
  connect(): RawClient;
  /** A client whose handshake is done. */
  open(): Promise<RawClient>;
}

/** A server that answers texts with an exclamation mark, in virtual time. */
async function world(
  options: SocketServerOptions & { capacity?: number; heard?: () => Promise<void> },
  work: (world: World) => Promise<void>,
): Promise<void> {
  const { capacity, heard, ...rest } = options;
  const runtime = new SimulatedRuntime({ seed: 1 });
  const network = new MemoryTcp(capacity);
  const [sockets, ends]: [ServerSocket[], SocketEnd[]] = [[], []];
  const server = new SocketServer({ network, runtime, ...rest }, {
    created: "TestServer",
    maxMessageBytes: 1000,
    readBytes: 100,
    opened: (socket) => {
      sockets.push(socket);
      return {
        message: async (data) => {
          await heard?.();
          socket.send(`${data}!`);
        },
        drained: () => {},
        ended: (end) => ends.push(end),
      };
    },
  });
  const connect = () => new RawClient(network.connect());
  const open = async () => {
    const client = connect();
    const answer = await client.ask(upgradeHead());
    assertStringIncludes(answer, "HTTP/1.1 101 ");
    return client;
  };
  await runtime.drive(async () => {
    server.listen();
    await work({ runtime, server, sockets, ends, connect, open });
    await server.close();
  });
  assertEquals(server.figures.connections, 0);
}

/** A time is what it should be, or as much later as clients are looked at. */
function assertAbout(ms: number, least: number, more: number): void {
  assert(ms >= least && ms <= least + more + 1, `${ms} ms`);
}

/** The status and the text of what a request is answered by. */
async function answer(options: SocketServerOptions, head: string): Promise<string> {
  let found = "";
  await world(options, async ({ connect }) => {
    const client = connect();
    await client.send(new TextEncoder().encode(head)).catch(() => {}); // it may be refused before
    found = await answerTo(client);
  });
  return found;
}

async function answerTo(client: RawClient): Promise<string> {
  const bytes = new Uint8Array(4096);
  const read = await client.tcp.read(bytes);
  const text = new TextDecoder().decode(bytes.subarray(0, read ?? 0));
  const [first] = text.split("\r\n");
  client.tcp.close();
  return `${first.slice("HTTP/1.1 ".length)}: ${text.split("\r\n\r\n")[1]?.trim()}`;
}

Deno.test("SocketServer opens a WebSocket as RFC 6455 says, and talks", async () => {
  await world({}, async ({ connect, ends }) => {
    const client = connect();
    const head = await client.ask(upgradeHead({ "sec-websocket-protocol": "a, waggle" }));
    assertStringIncludes(head, `sec-websocket-accept: ${ACCEPTED}\r\n`);
    assertStringIncludes(head, `sec-websocket-protocol: waggle\r\n`);
    await client.send(clientText("hum"));
    assertEquals(await client.text(), "hum!");
    await client.send(clientFrame(9, Uint8Array.of(1, 2)));
    assertEquals(await client.frame(), { opcode: 10, payload: Uint8Array.of(1, 2) });
    await client.send(clientFrame(8, Uint8Array.of(0x0f, 0xa0, 98)));
    assertEquals(await client.text(), "closed 4000 ");
    assertEquals(await client.frame(), undefined);
    assertEquals(ends, [{ code: 4000, reason: "b" }]);
  });
});

Deno.test("SocketServer takes frames that come with the request", async () => {
  await world({}, async ({ connect }) => {
    const client = connect();
    const head = new TextEncoder().encode(upgradeHead());
    const frame = clientText("early");
    const all = new Uint8Array(head.length + frame.length);
    all.set(head);
    all.set(frame, head.length);
    await client.send(all);
    await client.ask("");
    assertEquals(await client.text(), "early!");
  });
});

Deno.test("SocketServer refuses what is no request for a WebSocket", async () => {
  const cases: [head: string, answer: string][] = [
    ["hello\r\n\r\n", "400 Bad Request: Expected a request"],
    ["GET / HTTP/1.0\r\n\r\n", "400 Bad Request: Expected a request"],
    ["GET / HTTP/1.1\r\nbad line\r\n\r\n", "400 Bad Request: A header line"],
    ["GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "400 Bad Request: The header host came twice"],
    ["GET / HTTP/1.1\r\n\r\n", "400 Bad Request: The header host is missing"],
    [`GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, "431 Request Header Fields Too Large"],
    [upgradeHead().replace("GET", "POST"), "405 Method Not Allowed: A WebSocket begins by GET"],
    [upgradeHead({ upgrade: undefined }), "426 Upgrade Required: This is a WebSocket"],
    [upgradeHead({ connection: "close" }), "426 Upgrade Required: This is a WebSocket"],
    [upgradeHead({ "sec-websocket-version": "8" }), "426 Upgrade Required: The version"],
    [
      upgradeHead({ "sec-websocket-key": "short" }),
      "400 Bad Request: The header sec-websocket-key",
    ],
  ];
  for (const [head, start] of cases) {
    const found = await answer({}, head);
    assert(found.startsWith(start), `${found} for ${head.slice(0, 60)}`);
  }
});

Deno.test("SocketServer refuses pages of other origins and unknown host names", async () => {
  const statusOf = async (options: SocketServerOptions, headers: Record<string, string>) =>
    (await answer(options, upgradeHead(headers))).slice(0, 3);
  const page = { origin: "https://bees.example" };
  assertEquals(await statusOf({}, page), "403");
  assertEquals(await statusOf({ origins: ["https://wasps.example"] }, page), "403");
  assertEquals(await statusOf({ origins: ["https://bees.example"] }, page), "101");
  assertEquals(await statusOf({ origins: ["*"] }, { origin: "null" }), "101");
  for (const host of ["127.0.0.1:80", "localhost:9", "[::1]:80", "10.0.0.1"]) {
    assertEquals(await statusOf({}, { host }), "101", host);
  }
  assertEquals(await statusOf({}, { host: "rebound.example:80" }), "403");
  assertEquals(
    await statusOf({ hosts: ["Rebound.example"] }, { host: "rebound.example:80" }),
    "101",
  );
  assertEquals(await statusOf({ hosts: ["*"] }, { host: "any.example" }), "101");
});

Deno.test("SocketServer takes targets with a host, which counts in the place of the header's", async () => {
  const statusOf = async (target: string, options: SocketServerOptions = {}, headers = {}) =>
    (await answer(options, upgradeHead(headers, target))).slice(0, 3);
  const birds = { path: "/birds", token: "hive-1" };
  for (const scheme of ["http", "https", "ws", "WSS"]) {
    assertEquals(
      await statusOf(`${scheme}://localhost:80/birds?access_token=hive-1`, birds),
      "101",
    );
  }
  assertEquals(await statusOf("http://127.0.0.1"), "101");
  assertEquals(await statusOf("http://127.0.0.1?access_token=hive-1", { token: "hive-1" }), "101");
  assertEquals(await statusOf("http://[::1]:8765/"), "101");
  assertEquals(await statusOf("http://localhost/bees?access_token=hive-1", birds), "404");
  assertEquals(await statusOf("http://rebound.example/"), "403");
  assertEquals(await statusOf("http://localhost/", {}, { host: "rebound.example" }), "101");
  assertEquals(await statusOf("http://localhost/", {}, { host: undefined }), "400");
  for (const target of ["http://", "http:///", "http://a@localhost/", "ftp://localhost/", "*"]) {
    assertEquals(await statusOf(target), "400", target);
  }
  for (const target of ["localhost:80", "http://localhost#a", "birds", "http:/localhost"]) {
    assertEquals(await statusOf(target), "400", target);
  }
});

Deno.test("SocketServer wants a token before anything else of a WebSocket", async () => {
  const NEEDED =
    '401 Unauthorized: A token is needed: give it by the header "Authorization: Bearer ' +
    'of-a-token", or from a web page by the protocols "waggle" and "bearer.of-a-token"';
  const options = { token: ["hive-1", "hive-2"], path: "/birds" };
  const ask = (headers: Record<string, string>, target = "/birds") =>
    answer(options, upgradeHead(headers, target));
  const opened = "101 Switching Protocols: ";
  assertEquals(await ask({}), NEEDED);
  assertEquals(
    await ask({ authorization: "Basic aGl2ZS0x" }),
    NEEDED,
  );
  for (const token of ["hive-3", "hive-", "hive-11", "HIVE-1"]) {
    assertEquals(
      await ask({ authorization: `Bearer ${token}` }),
      "401 Unauthorized: The token is wrong",
    );
  }
  assertEquals(await ask({ authorization: "bearer hive-2" }), opened);
  assertEquals(await ask({ "sec-websocket-protocol": "waggle, bearer.hive-1" }), opened);
  assertEquals(await ask({}, "/birds?access_token=hive-1"), opened);
  assertEquals(
    await ask({ authorization: "bearer hive-2" }, "/bees"),
    "404 Not Found: There is nothing at this path",
  );
  const plain = `GET /birds HTTP/1.1\r\nhost: localhost\r\n\r\n`;
  assertEquals(await answer(options, plain), NEEDED);
});

Deno.test("SocketServer does not tell its tokens, and wants one where others can connect", () => {
  const make = (options: SocketServerOptions) =>
    new SocketServer(options, {
      created: "TestServer",
      maxMessageBytes: 1,
      readBytes: 1,
      opened: () => ({ message: () => {}, drained: () => {}, ended: () => {} }),
    });
  const server = make({ token: "swordfish" });
  assert(!Deno.inspect(server, { depth: 20, showHidden: true }).includes("swordfish"));
  const error = assertThrows(() => make({ token: "sword fish" }), TypeError, "received [secret]");
  assert(!error.message.includes("fish"));
  assertThrows(() => make({ token: "" }), TypeError, "[secret]");
  assertThrows(() => make({ token: [] }), TypeError, "[secret]");
  assertThrows(() => make({ hostname: "0.0.0.0" }), TypeError, "other machines could connect");
  make({ hostname: "0.0.0.0", insecure: true });
  make({ hostname: "192.168.0.7", token: "swordfish" });
  for (const hostname of ["127.0.0.2", "localhost", "::1"]) make({ hostname });
  assertThrows(() => make({ origins: ["https://a.example/path"] }), TypeError, "without a path");
  assertThrows(() => make({ origins: "*" as never }), TypeError, "origins must be an array");
  assertThrows(() => make({ path: "birds" }), TypeError, "path must begin with a slash");
  assertThrows(() => make({ port: 65_536 }), RangeError, "port must be");
  assertThrows(() => make({ insecure: "yes" as never }), TypeError, "insecure must be");
});

Deno.test("SocketServer takes maxConnections at once, and others again when some have left", async () => {
  await world({ maxConnections: 2 }, async ({ open, connect, server }) => {
    const first = await open();
    await open();
    assertStringIncludes(await connect().ask(upgradeHead()), "HTTP/1.1 503 ");
    await first.send(clientFrame(8, new Uint8Array(0)));
    await first.rest();
    await open();
    const lastRefusal = "503: There are too many connections";
    assertEquals(server.figures, { connections: 2, accepted: 3, refused: 1, lastRefusal });
  });
});

Deno.test("SocketServer forgets clients that do not ask for anything", async () => {
  await world({}, async ({ connect, runtime }) => {
    const client = connect();
    await client.send(new TextEncoder().encode("GET / HT"));
    assertEquals(await client.rest(), "");
    assertEquals(runtime.monotonicMs() >= 10_000, true);
  });
});

Deno.test("SocketServer asks silent clients whether they are there, and cuts off those that are not", async () => {
  await world({ idleTimeout: "5s" }, async ({ open, runtime, ends }) => {
    const start = runtime.monotonicMs();
    const client = await open();
    assertEquals((await client.frame())?.opcode, 9);
    await client.send(clientFrame(10, new Uint8Array(0)));
    assertEquals((await client.frame())?.opcode, 9);
    assertEquals(await client.frame(), undefined);
    assertAbout(runtime.monotonicMs() - start, 15_000, 3 * 1000);
    assertEquals(ends, [{ code: 1006, reason: "nothing came for 10000 ms" }]);
  });
});

Deno.test("SocketServer cuts off a client that takes nothing of what waits for it", async () => {
  await world({ capacity: 100, stallTimeout: "2s" }, async ({ open, runtime, sockets, ends }) => {
    await open();
    const start = runtime.monotonicMs();
    sockets[0].send("x".repeat(500));
    await sockets[0].over;
    assertAbout(runtime.monotonicMs() - start, 2000, 500);
    assertEquals(ends, [{ code: 1006, reason: "it took nothing for 2s" }]);
    assertEquals(sockets[0].bufferedBytes < 500, true);
  });
});

Deno.test("SocketServer reads nothing more while a message is dealt with", async () => {
  const gate = Promise.withResolvers<void>();
  let heard = 0;
  const options = { capacity: 100, heard: () => (heard++, gate.promise) };
  await world(options, async ({ open, runtime }) => {
    const client = await open();
    let sent = 0;
    const sending = (async () => {
      for (; sent < 50; sent++) await client.send(clientText("x".repeat(50)));
    })();
    await new Promise<void>((resolve) => runtime.after(1000, resolve));
    assertEquals(heard, 1);
    assert(sent < 6, `${sent} were taken`);
    gate.resolve();
    for (let i = 0; i < 50; i++) assertEquals(await client.text(), `${"x".repeat(50)}!`);
    await sending;
  });
});

Deno.test("SocketServer says why it ends a connection whose frames are wrong, and reads no more of it", async () => {
  await world({}, async ({ open, ends }) => {
    const client = await open();
    await client.send(clientText("x".repeat(1001)));
    assertEquals(
      await client.text(),
      "closed 1009 a message may have 1000 bytes, this one has at least 1001",
    );
    assertEquals(await client.frame(), undefined);
    await client.send(clientText("too late"));
    client.tcp.close();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(ends.length, 1);
  });
});

Deno.test("SocketServer says goodbye behind what waits when it closes, and does not wait for ever", async () => {
  await world({ stallTimeout: "3s" }, async ({ open, server, sockets, runtime }) => {
    const [polite, silent] = [await open(), await open()];
    for (const socket of sockets) socket.send("last");
    const start = runtime.monotonicMs();
    const closing = server.close();
    assertEquals(await polite.text(), "last");
    assertEquals(await polite.text(), "closed 1001 the server ends");
    await polite.send(clientFrame(8, Uint8Array.of(3, 233)));
    assertEquals(await polite.frame(), undefined);
    assertEquals(runtime.monotonicMs() - start < 1000, true);
    await closing;
    assertEquals(Math.round(runtime.monotonicMs() - start), 3000);
    assertEquals(await silent.text(), "last");
    assertThrows(() => server.listen(), TypeError, "was closed");
  });
});

Deno.test("SocketServer says which port it cannot have", async () => {
  const { denoTcp } = await import("../src/runtime/tcp.ts");
  const taken = denoTcp.listenTcp({ hostname: "127.0.0.1", port: 0 });
  const server = new SocketServer({ port: taken.port }, {
    created: "TestServer",
    maxMessageBytes: 1,
    readBytes: 1,
    opened: () => ({ message: () => {}, drained: () => {}, ended: () => {} }),
  });
  const { message } = assertThrows(() => server.listen(), Error);
  assert(message.startsWith(`Cannot listen on "127.0.0.1", port ${taken.port}: `), message);
  assert(message.endsWith("; take another port, or 0 for one that is free"), message);
  await server.close();
  const accepting = taken.accept();
  taken.close();
  assertEquals(await accepting, undefined);
});
