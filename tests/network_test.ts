import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { denoNetwork, type RequestHandler } from "../src/runtime/network.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

async function listening(handler: RequestHandler) {
  const listener = await denoNetwork.listen(handler, LOOPBACK);
  return {
    url: `127.0.0.1:${listener.port}/`,
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = (event) => reject(event);
  });
}

Deno.test("denoNetwork hears requests on a free port, and tells where they come from", async () => {
  await using server = await listening((request, { address }) =>
    new Response(`${request.method} ${new URL(request.url).pathname} ${address}`)
  );
  const response = await denoNetwork.fetch(new Request(`http://${server.url}a`, { method: "PUT" }));
  assertEquals(await response.text(), "PUT /a 127.0.0.1");
});

Deno.test("denoNetwork tells a client nothing about an error of the handler, and prints nothing", async () => {
  await using server = await listening(() => {
    throw new Error("the password is swordfish");
  });
  const response = await denoNetwork.fetch(new Request(`http://${server.url}`));
  assertEquals([response.status, await response.text()], [500, "Internal Server Error"]);
});

Deno.test("denoNetwork rejects when a port is taken, and when nobody answers", async () => {
  const listener = await denoNetwork.listen(() => new Response(), LOOPBACK);
  const taken = { ...LOOPBACK, port: listener.port };
  await assertRejects(() => denoNetwork.listen(() => new Response(), taken), Error);
  await listener.close();
  const request = new Request(`http://127.0.0.1:${listener.port}/`);
  await assertRejects(() => denoNetwork.fetch(request), TypeError);
});

Deno.test("denoNetwork makes WebSockets of requests, with headers and a chosen protocol", async () => {
  const heard: string[] = [];
  const ended = Promise.withResolvers<void>();
  await using server = await listening((request) => {
    heard.push(`${request.headers.get("x-bee")} ${request.headers.get("sec-websocket-protocol")}`);
    const { socket, response } = denoNetwork.upgrade(request, { protocol: "b", idleTimeoutS: 0 });
    socket.onmessage = ({ data }) => socket.send(`${data}!`);
    socket.onclose = () => ended.resolve();
    return response;
  });
  const url = new URL(`ws://${server.url}`);
  const socket = denoNetwork.connect(url, { headers: { "x-bee": "Maya" }, protocols: ["a", "b"] });
  await opened(socket);
  const answer = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
  socket.send("hum");
  assertEquals([await answer, socket.protocol, heard], ["hum!", "b", ["Maya a, b"]]);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await Promise.all([closed, ended.promise]);
});

Deno.test("denoNetwork makes no WebSocket of a request that asks for none", async () => {
  const thrown = Promise.withResolvers<Error>();
  await using server = await listening((request) => {
    thrown.resolve(assertThrows(() => denoNetwork.upgrade(request), TypeError));
    return new Response();
  });
  await (await denoNetwork.fetch(new Request(`http://${server.url}`))).body?.cancel();
  assert(await thrown.promise instanceof TypeError);
});
