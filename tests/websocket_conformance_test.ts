/**
 * What RFC 6455 has a server do, case by case, in the order of the groups of the Autobahn test suite:
 * lengths, pings, reserved bits, opcodes, fragments, UTF-8, closing. Each case is sent whole, byte by
 * byte and in pieces of any length.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { FrameError, FrameReader } from "../src/sources/websocket_server/frames.ts";
import type { ServerSocket } from "../src/sources/websocket_server/server_socket.ts";
import {
  SocketServer,
  type SocketServerOptions,
} from "../src/sources/websocket_server/socket_server.ts";
import { MemoryTcp } from "./support/memory_tcp.ts";
import { forSeeds, Random } from "./support/random.ts";
import {
  clientFrame,
  clientText,
  type FrameTraits,
  RawClient,
  type ServerFrame,
  upgradeHead,
} from "./support/raw_websocket.ts";

const MOST_BYTE_BY_BYTE = 2000;
const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (pair) => parseInt(pair, 16));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A server that sends back what it gets. */
function echoServer(options: SocketServerOptions, sockets: ServerSocket[] = []): SocketServer {
  return new SocketServer(options, {
    created: "TestServer",
    maxMessageBytes: 1 << 20,
    readBytes: 65_536,
    opened: (socket) => {
      sockets.push(socket);
      return { message: (data) => socket.send(data), drained: () => {}, ended: () => {} };
    },
  });
}

/** A frame of the server in words. */
function worded({ opcode, payload }: ServerFrame): string {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  switch (opcode) {
    case 1:
      return payload.length > 60 ? `text of ${payload.length}` : `text ${text(payload)}`;
    case 2:
      return payload.length > 60 ? `binary of ${payload.length}` : `binary ${payload.toHex()}`;
    case 8:
      return payload.length === 0 ? "close" : `close ${payload[0] * 256 + payload[1]}`;
    case 10:
      return `pong ${text(payload)}`;
    default:
      return `opcode ${opcode}`;
  }
}

interface Case {
  readonly name: string;
  readonly sent: readonly Uint8Array[];
  /** What comes back; where it does not end with a close, the client closes when all of it has come. */
  readonly expected: readonly string[];
}

const close = (code = 1000, reason = "") =>
  clientFrame(8, joined([Uint8Array.of(code >> 8, code & 255), encoder.encode(reason)]));
const binary = (length: number, traits?: FrameTraits) =>
  clientFrame(2, new Uint8Array(length).fill(0xfe), traits);
const ping = (text = "") => clientFrame(9, encoder.encode(text));
const part = (opcode: number, text: string, isFinal = false) =>
  clientFrame(opcode, encoder.encode(text), { isFinal });

function lengths(): Case[] {
  const all = [0, 1, 61, 125, 126, 127, 128, 255, 256, 65_535, 65_536, 65_537];
  const kinds = [["text", (length: number) => clientText("*".repeat(length))], [
    "binary",
    binary,
  ]] as const;
  return kinds.flatMap(([kind, frame]) =>
    all.map((length) => ({
      name: `${kind} of ${length} bytes`,
      sent: [frame(length)],
      expected: [
        length > 60
          ? `${kind} of ${length}`
          : `${kind} ${(kind === "text" ? "*" : "fe").repeat(length)}`,
      ],
    }))
  );
}

function pings(): Case[] {
  const ten = Array.from({ length: 10 }, (_, i) => `ping ${i}`);
  const most = "p".repeat(125);
  return [
    { name: "an empty ping", sent: [ping()], expected: ["pong "] },
    { name: "a ping", sent: [ping("hum")], expected: ["pong hum"] },
    {
      name: "a ping of 125",
      sent: [ping(most)],
      expected: [`pong ${most}`],
    },
    { name: "a ping of 126", sent: [ping(`${most}p`)], expected: ["close 1002"] },
    {
      name: "a ping that is not UTF-8",
      sent: [clientFrame(9, bytesOf("00ff fefd fcfb 00ff"))],
      expected: [`pong ${new TextDecoder().decode(bytesOf("00fffefdfcfb00ff"))}`],
    },
    {
      name: "pongs that nobody asked for",
      sent: [clientFrame(10, NOTHING), clientFrame(10, encoder.encode("x")), ping("y")],
      expected: ["pong y"],
    },
    {
      name: "ten pings at once",
      sent: ten.map(ping),
      expected: ten.map((each) => `pong ${each}`),
    },
  ];
}

function headers(): Case[] {
  const cases: Case[] = [];
  for (const reserved of [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70]) {
    for (const opcode of [1, 2, 8, 9, 10]) {
      cases.push({
        name: `opcode ${opcode} with the reserved bits ${reserved}`,
        sent: [clientText("before"), clientFrame(opcode, NOTHING, { reserved }), ping()],
        expected: ["text before", "close 1002"],
      });
    }
  }
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    for (const length of [0, 5]) {
      cases.push({
        name: `opcode ${opcode} of ${length} bytes`,
        sent: [clientText("before"), clientFrame(opcode, new Uint8Array(length)), ping()],
        expected: ["text before", "close 1002"],
      });
    }
  }
  for (const opcode of [0, 1, 2, 8, 9, 10]) {
    cases.push({
      name: `opcode ${opcode} without a mask`,
      sent: [clientText("before"), clientFrame(opcode, NOTHING, { isMasked: false })],
      expected: ["text before", "close 1002"],
    });
  }
  return cases;
}

function fragments(): Case[] {
  const two = [part(1, "one "), part(0, "two", true)];
  const wrong = (name: string, ...sent: Uint8Array[]): Case => ({
    name,
    sent: [...sent, ping()],
    expected: ["close 1002"],
  });
  return [
    wrong(
      "a ping in two",
      clientFrame(9, encoder.encode("a"), { isFinal: false }),
      part(0, "b", true),
    ),
    wrong("a pong in two", clientFrame(10, NOTHING, { isFinal: false }), part(0, "b", true)),
    wrong("a close in two", clientFrame(8, NOTHING, { isFinal: false }), part(0, "b", true)),
    { name: "a text in two", sent: [...two], expected: ["text one two"] },
    {
      name: "a ping in the middle of a text",
      sent: [two[0], ping("mid"), two[1]],
      expected: ["pong mid", "text one two"],
    },
    {
      name: "pings in the middle of a text of five",
      sent: [
        ...[part(1, "a"), part(0, "b"), ping("1"), part(0, "c"), part(0, "d"), ping("2")],
        ...[part(0, "e", true)],
      ],
      expected: ["pong 1", "pong 2", "text abcde"],
    },
    wrong("a last fragment of nothing", part(0, "x", true)),
    wrong("a fragment of nothing", part(0, "x")),
    wrong("a fragment of nothing behind a message", part(0, "x"), part(1, "y", true)),
    wrong("a text within a text", part(1, "a"), part(1, "b", true)),
    wrong("bytes within a text", part(1, "a"), clientFrame(2, NOTHING)),
    {
      name: "a fragment behind the last",
      sent: [...two, part(0, "three"), ping()],
      expected: ["text one two", "close 1002"],
    },
    {
      name: "fragments of nothing",
      sent: [part(1, ""), part(0, ""), part(0, "", true)],
      expected: ["text "],
    },
    {
      name: "fragments of which one has something",
      sent: [part(2, ""), part(0, "ab"), part(0, "", true)],
      expected: ["binary 6162"],
    },
    {
      name: "a close in the middle of a text",
      sent: [part(1, "never"), close(), part(0, " whole", true)],
      expected: ["close 1000"],
    },
    {
      name: "65,536 bytes in pieces of 1,300",
      sent: [
        ...Array.from(
          { length: 51 },
          (_, i) =>
            clientFrame(i === 0 ? 1 : 0, new Uint8Array(i < 50 ? 1300 : 536).fill(42), {
              isFinal: i === 50,
            }),
        ),
      ],
      expected: ["text of 65536"],
    },
  ];
}

/** Texts that are UTF-8, and bytes that are not (Kuhn, "UTF-8 decoder capability and stress test"). */
const VALID = [
  ...["ceba", "cebae1bdb9cf83cebcceb5", "00", "c280", "e0a080", "f0908080", "7f", "dfbf"],
  ...["efbfbf", "f48fbfbf", "ed9fbf", "ee8080", "efbfbd", "f09f909d", "efbbbf", "f0bfbfbe"],
];
const INVALID = [
  ...["80", "bf", "8080", "80bf8080", "c020", "e020", "f020", "fc", "fe", "ff", "fefeffff"],
  ...["f888808080", "fc8480808080", "f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf", "f4908080"],
  ...["c0", "e080", "f08080", "df", "efbf", "f48fbf", "c0af", "e080af", "f08080af", "c1bf"],
  ...["e09fbf", "f08fbfbf", "c080", "e08080", "f0808080", "eda080", "edadbf", "edae80", "edafbf"],
  ...["edb080", "edbfbf", "eda080edb080", "edafbfedbfbf", "cebae1bdb9cf83cebcceb5eda080656469"],
  ...["cebae1bdb9cf83cebcceb5f4908080656469", "cee1bdb9cf83", "f09f90", "f09f9020", "48656cff"],
];

function utf8(): Case[] {
  const split = (bytes: Uint8Array, at: number) => [
    clientFrame(1, bytes.subarray(0, at), { isFinal: false }),
    ping("between"),
    clientFrame(0, bytes.subarray(at), { isFinal: true }),
  ];
  const splits = (bytes: Uint8Array) => Array.from({ length: bytes.length + 1 }, (_, at) => at);
  return [
    ...VALID.flatMap((hex) => {
      const bytes = bytesOf(`2a${hex}2a`);
      const text = `text ${new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)}`;
      return splits(bytes).map((at) => ({
        name: `${hex} split at ${at}`,
        sent: [...split(bytes, at)],
        expected: ["pong between", text],
      }));
    }),
    ...INVALID.flatMap((hex) => {
      const bytes = bytesOf(hex);
      return [
        { name: `${hex} whole`, sent: [clientFrame(1, bytes), ping()], expected: ["close 1007"] },
        ...splits(bytes).map((at) => ({
          name: `${hex} split at ${at}`,
          sent: [...split(bytes, at), ping()],
          expected: ["pong between", "close 1007"],
        })),
      ];
    }),
    ...INVALID.map((hex) => ({
      name: `bytes ${hex} are no text`,
      sent: [clientFrame(2, bytesOf(hex))],
      expected: [`binary ${hex}`],
    })),
  ];
}

const GOOD_CODES = [
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014],
  ...[3000, 3999, 4000, 4999],
];
const BAD_CODES = [
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32_768, 65_535],
];

function closes(): Case[] {
  const longest = "r".repeat(123);
  return [
    { name: "an empty close", sent: [clientFrame(8, NOTHING)], expected: ["close 1000"] },
    {
      name: "a close of a byte",
      sent: [clientFrame(8, Uint8Array.of(3))],
      expected: ["close 1002"],
    },
    { name: "two closes", sent: [close(), close(4000)], expected: ["close 1000"] },
    { name: "a ping behind a close", sent: [close(), ping()], expected: ["close 1000"] },
    { name: "a text behind a close", sent: [close(), clientText("x")], expected: ["close 1000"] },
    {
      name: "rubbish behind a close",
      sent: [close(), bytesOf("ffffffff")],
      expected: ["close 1000"],
    },
    { name: "a close with a reason", sent: [close(1000, "bye é")], expected: ["close 1000"] },
    { name: "a reason of 123 bytes", sent: [close(1000, longest)], expected: ["close 1000"] },
    { name: "a reason of 124 bytes", sent: [close(1000, `${longest}r`)], expected: ["close 1002"] },
    ...INVALID.map((hex) => ({
      name: `a close with the reason ${hex}`,
      sent: [clientFrame(8, joined([Uint8Array.of(3, 232), bytesOf(hex)])), ping()],
      expected: ["close 1007"],
    })),
    ...GOOD_CODES.flatMap((code) =>
      ["", "reason"].map((reason) => ({
        name: `a close with the code ${code} ${reason}`,
        sent: [close(code, reason)],
        expected: [`close ${code}`],
      }))
    ),
    ...BAD_CODES.flatMap((code) =>
      ["", "reason"].map((reason) => ({
        name: `a close with the code ${code} ${reason}`,
        sent: [close(code, reason)],
        expected: ["close 1002"],
      }))
    ),
  ];
}

/** Pieces in which the bytes of a case are sent. */
function* cuttings(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  if (bytes.length <= MOST_BYTE_BY_BYTE) yield Array.from(bytes, (byte) => Uint8Array.of(byte));
  const random = new Random(bytes.length);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(bytes.length);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  yield pieces;
}

/** Sends a case in pieces, and gives what comes back until the connection ends. */
async function exchanged(client: RawClient, each: Case, pieces: Uint8Array[]): Promise<string[]> {
  const { expected } = each;
  const endsItself = expected.at(-1)?.startsWith("close") ?? false;
  const found: string[] = [];
  const come = Promise.withResolvers<void>();
  const all = (async () => {
    for (let frame = await client.frame(); frame; frame = await client.frame()) {
      found.push(worded(frame));
      if (found.length === expected.length) come.resolve();
    }
    come.resolve();
  })();
  for (const piece of pieces) await client.send(piece).catch(() => {}); // it may have ended
  if (!endsItself && expected.length > 0) await come.promise;
  if (!endsItself) await client.send(clientFrame(8, NOTHING)).catch(() => {});
  await all;
  client.tcp.close();
  return endsItself ? found : found.slice(0, found.at(-1) === "close 1000" ? -1 : undefined);
}

async function holds(cases: readonly Case[]): Promise<void> {
  const network = new MemoryTcp(1 << 18);
  const runtime = new SimulatedRuntime({ seed: 1 });
  const server = echoServer({ network, runtime });
  await runtime.drive(async () => {
    server.listen();
    for (const each of cases) {
      for (const pieces of cuttings(joined(each.sent))) {
        const client = new RawClient(network.connect());
        assertStringIncludes(await client.ask(upgradeHead()), "HTTP/1.1 101 ");
        const answer = await exchanged(client, each, pieces);
        assertEquals(answer, each.expected, `${each.name}, in ${pieces.length} pieces`);
      }
    }
    await server.close();
  });
}

Deno.test("a WebSocket server takes messages of each way to write a length", () =>
  holds(lengths()));

Deno.test("a WebSocket server answers each ping, and in their order", () => holds(pings()));

Deno.test("a WebSocket server refuses reserved bits, unknown opcodes and frames without a mask", () =>
  holds(headers()));

Deno.test("a WebSocket server puts fragments together, whatever stands between them", () =>
  holds(fragments()));

Deno.test("a WebSocket server takes texts that are UTF-8 and no others, wherever they are split", () =>
  holds(utf8()));

Deno.test("a WebSocket server answers each way to close, and nothing behind it", () =>
  holds(closes()));

/** Whether bytes are UTF-8, by table 3-7 of the Unicode standard. */
function isUtf8(bytes: Uint8Array): boolean {
  const hex = bytes.toHex().replace(/../g, "$& ");
  const tail = "[89ab][0-9a-f] ";
  const one = [
    ...["[0-7][0-9a-f] ", `(c[2-9a-f]|d[0-9a-f]) ${tail}`, `e0 [ab][0-9a-f] ${tail}`],
    ...[`(e[1-9abcef]) ${tail}${tail}`, `ed [89][0-9a-f] ${tail}`],
    ...[
      `f0 [9ab][0-9a-f] ${tail}${tail}`,
      `f[123] ${tail}${tail}${tail}`,
      `f4 8[0-9a-f] ${tail}${tail}`,
    ],
  ].join("|");
  return new RegExp(`^(${one})*$`).test(hex);
}

Deno.test("what FrameReader takes for UTF-8 is what the Unicode standard says", () => {
  const pool = [
    ...["c280", "e0a080", "f0908080", "ed9fbf", "f48fbfbf", "61", "80", "bf", "ed", "f4", "c1"],
  ];
  forSeeds(5000, (random) => {
    const hex = Array.from({ length: 1 + random.below(5) }, () => random.pick(pool)).join("");
    const bytes = bytesOf(hex);
    if (random.chance(0.4)) bytes[random.below(bytes.length)] = random.below(256);
    const reader = new FrameReader({ maxMessageBytes: 100 });
    const read = () => [...reader.push(clientFrame(1, bytes))];
    if (isUtf8(bytes)) {
      const data = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
      assertEquals(read(), [{ kind: "message", data }]);
    } else assertEquals(assertThrows(read, FrameError).code, 1007);
  });
});

Deno.test("a ping is answered before the messages that wait for a client", async () => {
  const network = new MemoryTcp(100);
  const runtime = new SimulatedRuntime({ seed: 1 });
  const sockets: ServerSocket[] = [];
  const server = echoServer({ network, runtime }, sockets);
  await runtime.drive(async () => {
    server.listen();
    const client = new RawClient(network.connect());
    await client.ask(upgradeHead());
    for (let i = 0; i < 5; i++) sockets[0].send(`${i}`.repeat(90));
    for (let i = 0; i < 40; i++) await client.send(ping(`${i}`));
    await new Promise<void>((resolve) => runtime.after(1, resolve));
    assert(sockets[0].bufferedBytes < 5 * 92 + 16 * 4, "pongs have piled up");
    const found = Array.from({ length: 5 + 16 }, () => client.frame());
    const frames = [];
    for await (const frame of found) frames.push(worded(frame!));
    const pongs = frames.filter((each) => each.startsWith("pong"));
    assertEquals(pongs, Array.from({ length: 16 }, (_, i) => `pong ${24 + i}`)); // the last ones
    assert(frames.lastIndexOf("pong 39") <= 18, `${frames}`); // of 21
    client.tcp.close();
    await server.close();
  });
});

async function statusOf(head: string, options: SocketServerOptions = {}): Promise<string> {
  const network = new MemoryTcp(1 << 16);
  const runtime = new SimulatedRuntime({ seed: 1 });
  const server = echoServer({ network, runtime, ...options });
  let answer = "";
  await runtime.drive(async () => {
    server.listen();
    const client = new RawClient(network.connect());
    await client.send(Uint8Array.from(head, (letter) => letter.charCodeAt(0))).catch(() => {});
    const bytes = new Uint8Array(4096);
    const read = await client.tcp.read(bytes);
    answer = new TextDecoder().decode(bytes.subarray(9, 9 + Math.min(3, read ?? 0)));
    client.tcp.close();
    await server.close();
  });
  return answer;
}

Deno.test("a WebSocket server reads handshakes as RFC 6455 and RFC 9112 say", async () => {
  const head = upgradeHead();
  const more = (lines: string) => head.replace("\r\n\r\n", `\r\n${lines}\r\n\r\n`);
  const blanks = " \t".repeat(750);
  const cases: [status: string, name: string, head: string][] = [
    ["101", "as it is", head],
    ["101", "names in capitals", head.replaceAll(/^[\w-]+:/gm, (name) => name.toUpperCase())],
    ["101", "other cases", upgradeHead({ upgrade: "WebSocket", connection: "UPGRADE" })],
    ["101", "a list", upgradeHead({ connection: "keep-alive,\tUpgrade, x" })],
    ["101", "a list of upgrades", upgradeHead({ upgrade: "h2c, websocket" })],
    ["101", "connection twice", more("Connection: keep-alive")],
    [
      "101",
      "blanks around values",
      head.replaceAll(": ", ":\t  ").replaceAll("\r\n", " \t\r\n")
        .replace("HTTP/1.1 \t", "HTTP/1.1").replace(/ \t\r\n$/, "\r\n").replace(
          " \t\r\n\r\n",
          "\r\n\r\n",
        ),
    ],
    ["101", "no blanks", head.replaceAll(": ", ":")],
    ["101", "an empty value", more("x-empty:")],
    ["101", "many blanks", more(`x:${blanks}`)],
    ["101", "blanks within", more(`x: a${blanks}b`)],
    ["400", "many blanks before a character that may not be", more(`x:${blanks}\x01`)],
    ["400", "a header line without a colon", more("x")],
    ["400", "a header without a name", more(": x")],
    ["400", "a blank behind the name", more("x : y")],
    ["400", "a line that goes on", more("x: y\r\n z")],
    ["400", "a zero byte", more("x: \0")],
    ["400", "a line feed alone", more("x: y\nz: a")],
    ["400", "two keys", more("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")],
    ["400", "two versions", more("Sec-WebSocket-Version: 13")],
    ["400", "a key of 15 bytes", upgradeHead({ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=" })],
    ["400", "no key", upgradeHead({ "sec-websocket-key": undefined })],
    ["400", "no host", upgradeHead({ host: undefined })],
    ["400", "small letters", head.replace("GET", "get")],
    ["400", "HTTP/1.0", head.replace("HTTP/1.1", "HTTP/1.0")],
    ["400", "HTTP/2", head.replace("HTTP/1.1", "HTTP/2")],
    ["426", "no version", upgradeHead({ "sec-websocket-version": undefined })],
    ["426", "version 12", upgradeHead({ "sec-websocket-version": "12" })],
    ["426", "another upgrade", upgradeHead({ upgrade: "websockets" })],
    ["426", "another connection", upgradeHead({ connection: "upgrades" })],
    [
      "431",
      "too many headers",
      more(Array.from({ length: 2000 }, (_, i) => `x${i}: y`).join("\r\n")),
    ],
  ];
  for (const [status, name, given] of cases) {
    const start = performance.now();
    assertEquals(await statusOf(given), status, name);
    assert(performance.now() - start < 2000, `${name} took ${performance.now() - start} ms`);
  }
});

Deno.test("over TCP a handshake and what follows it may be split at each byte", async () => {
  const server = echoServer({});
  const { port } = server.listen();
  const head = encoder.encode(upgradeHead());
  const all = joined([head, clientText("é hum"), ping("x")]);
  for (let at = 1; at < all.length; at += 3) {
    const tcp = await Deno.connect({ port, hostname: "127.0.0.1" });
    tcp.setNoDelay(true);
    const client = new RawClient({
      address: "",
      read: (into) => tcp.read(into),
      write: (bytes) => tcp.write(bytes),
      closeWrite: () => tcp.closeWrite(),
      close: () => tcp.close(),
    });
    await client.send(all.subarray(0, at));
    await new Promise((resolve) => setTimeout(resolve, 1));
    await client.send(all.subarray(at));
    assertStringIncludes(await client.ask(""), "HTTP/1.1 101 ");
    const frames = [worded((await client.frame())!), worded((await client.frame())!)];
    assertEquals(frames.sort(), ["pong x", "text é hum"], `split at ${at}`);
    await client.send(close(3000));
    assertEquals(worded((await client.frame())!), "close 3000");
    assertEquals(await client.frame(), undefined);
    tcp.close();
  }
  await server.close();
});
