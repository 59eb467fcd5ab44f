import { assertEquals, assertThrows } from "@std/assert";
import {
  type ClientFrame,
  closeFrame,
  FrameError,
  FrameReader,
  messageFrame,
} from "../src/sources/websocket_server/frames.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { clientFrame, clientText, type FrameTraits } from "./support/raw_websocket.ts";

const text = new TextEncoder();

function bytesOf(random: Random, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random.below(256));
}

function read(bytes: Uint8Array, cut: () => number, maxMessageBytes = 1 << 20): ClientFrame[] {
  const reader = new FrameReader({ maxMessageBytes });
  const out: ClientFrame[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + Math.max(1, cut());
    out.push(...reader.push(bytes.slice(at, end)));
    at = end;
  }
  return out;
}

/** A message in some frames, with pings between them, and what has to come of it. */
function someMessage(random: Random): { frames: Uint8Array[]; expected: ClientFrame[] } {
  const isText = random.chance(0.5);
  const length = random.pick([0, 1, 5, 125, 126, 300, 65_535, 65_536, 70_000]);
  const data = isText
    ? "aé🐝".repeat(length / 7 + 1).slice(0, length).toWellFormed()
    : bytesOf(random, length);
  const payload = typeof data === "string" ? text.encode(data) : data;
  const cuts = Array.from({ length: random.below(4) }, () => random.below(payload.length + 1))
    .sort((a, b) => a - b);
  const [frames, expected]: [Uint8Array[], ClientFrame[]] = [[], []];
  const mask = () => [0, 0, 0, 0].map(() => random.below(256));
  [0, ...cuts].forEach((start, i) => {
    const part = payload.subarray(start, cuts[i] ?? payload.length);
    const opcode = i > 0 ? 0 : isText ? 1 : 2;
    frames.push(clientFrame(opcode, part, { isFinal: i === cuts.length, mask: mask() }));
    if (i < cuts.length && random.chance(0.3)) {
      const ping = bytesOf(random, random.below(126));
      frames.push(clientFrame(9, ping, { mask: mask() }));
      expected.push({ kind: "ping", payload: ping });
    }
  });
  expected.push({ kind: "message", data });
  return { frames, expected };
}

Deno.test("FrameReader gives back messages, whatever frames and pieces they come in", () => {
  forSeeds(150, (random) => {
    const messages = Array.from({ length: 1 + random.below(4) }, () => someMessage(random));
    const frames = messages.flatMap((each) => each.frames);
    const all = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const frame of frames) {
      all.set(frame, at);
      at += frame.length;
    }
    const most = random.pick([3, 100, 5000, 1 << 20]);
    const found = read(all, () => 1 + random.below(most));
    assertEquals(found, messages.flatMap((each) => each.expected));
  });
});

Deno.test("FrameReader refuses frames that no client may send, with the code of the close frame", () => {
  const nothing = new Uint8Array(0);
  const wrong = (opcode: number, payload = nothing, traits: FrameTraits = {}) =>
    clientFrame(opcode, payload, traits);
  const cases: [code: number, says: string, frames: Uint8Array[]][] = [
    [1002, "must mask", [wrong(1, nothing, { isMasked: false })]],
    [1002, "extension", [wrong(1, nothing, { reserved: 0x40 })]],
    [1002, "unknown kind 3", [wrong(3)]],
    [1002, "unknown kind 11", [wrong(11)]],
    [1002, "mixed", [wrong(0)]],
    [1002, "mixed", [wrong(1, nothing, { isFinal: false }), wrong(2)]],
    [1002, "control frame", [wrong(9, nothing, { isFinal: false })]],
    [1002, "control frame", [wrong(9, new Uint8Array(126))]],
    [1002, "the code 0", [wrong(8, Uint8Array.of(3))]],
    [1002, "the code 1005", [wrong(8, Uint8Array.of(3, 237))]],
    [1002, "the code 999", [wrong(8, Uint8Array.of(3, 231))]],
    [1007, "UTF-8", [wrong(1, Uint8Array.of(0xc3, 0x28))]],
    [1007, "UTF-8", [wrong(8, Uint8Array.of(3, 232, 0xff))]],
  ];
  for (const [code, says, frames] of cases) {
    const reader = new FrameReader({ maxMessageBytes: 1000 });
    const push = () => frames.flatMap((frame) => [...reader.push(frame)]);
    assertEquals(assertThrows(push, FrameError, says).code, code, says);
  }
});

Deno.test("FrameReader refuses a message that is too large before its bytes have come", () => {
  const reader = () => new FrameReader({ maxMessageBytes: 100 });
  const claims = clientFrame(2, new Uint8Array(0), { length: 2 ** 31 });
  const error = assertThrows(() => [...reader().push(claims)], FrameError, "may have 100 bytes");
  assertEquals(error.code, 1009);
  const pieces = reader();
  const part = (
    opcode: number,
    isFinal: boolean,
  ) => [...pieces.push(clientFrame(opcode, new Uint8Array(40), { isFinal }))];
  part(2, false);
  part(0, false);
  assertThrows(() => part(0, true), FrameError, "this one has at least 120");
  assertEquals([...reader().push(clientFrame(2, new Uint8Array(100)))].length, 1);
});

Deno.test("FrameReader keeps frames of a byte in little memory", () => {
  const reader = new FrameReader({ maxMessageBytes: 100_000 });
  const byte = clientFrame(0, Uint8Array.of(7), { isFinal: false });
  [...reader.push(clientFrame(2, new Uint8Array(0), { isFinal: false }))];
  for (let i = 0; i < 100_000; i++) reader.push(byte).next();
  const [message] = [...reader.push(clientFrame(0, new Uint8Array(0)))];
  assertEquals(message, { kind: "message", data: new Uint8Array(100_000).fill(7) });
});

Deno.test("FrameReader knows why a client closes", () => {
  const close = (
    payload: Uint8Array,
  ) => [...new FrameReader({ maxMessageBytes: 1 }).push(clientFrame(8, payload))];
  assertEquals(close(new Uint8Array(0)), [{ kind: "close", code: 1000, reason: "" }]);
  assertEquals(close(Uint8Array.of(0x0f, 0xa0, 0x61)), [{
    kind: "close",
    code: 4000,
    reason: "a",
  }]);
});

Deno.test("closeFrame() says as much of a reason as fits, in whole characters", () => {
  const frame = closeFrame(1008, "é".repeat(100));
  assertEquals(frame.slice(0, 4), Uint8Array.of(0x88, 2 + 122, 3, 240));
  assertEquals(new TextDecoder().decode(frame.slice(4)), "é".repeat(61));
  assertEquals(messageFrame("ab"), Uint8Array.of(0x81, 2, 97, 98));
  assertEquals(messageFrame(new Uint8Array(126)).slice(0, 4), Uint8Array.of(0x82, 126, 0, 126));
  assertEquals(clientText("ab").length, 8);
});
