/**
 * A WebSocket client made by hand, which can do all that a client should not.
 *
 * @module
 */
import type { TcpConnection } from "../../src/runtime/tcp.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** What the key of all these clients has to be answered by (RFC 6455, section 1.3). */
export const ACCEPTED = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** How a frame of a client differs from a plain one. */
export interface FrameTraits {
  readonly isFinal?: boolean;
  readonly reserved?: number;
  readonly isMasked?: boolean;
  readonly mask?: readonly number[];
  /** The length that it claims. Default: that of the payload. */
  readonly length?: number;
}

/** A frame of a client. */
export function clientFrame(
  opcode: number,
  payload: Uint8Array,
  traits: FrameTraits = {},
): Uint8Array {
  const { isFinal = true, reserved = 0, isMasked = true, mask = [1, 2, 3, 250] } = traits;
  const { length = payload.length } = traits;
  const bit = isMasked ? 0x80 : 0;
  const lengthBytes = length < 126
    ? [bit | length]
    : length < 65_536
    ? [bit | 126, length >> 8, length & 255]
    : [
      bit | 127,
      0,
      0,
      ...[40, 32].map(() => 0),
      ...[24, 16, 8, 0].map((by) => (length >>> by) & 255),
    ];
  const head = [
    (isFinal ? 0x80 : 0) | reserved | opcode,
    ...lengthBytes,
    ...(isMasked ? mask : []),
  ];
  const frame = new Uint8Array(head.length + payload.length);
  frame.set(head);
  frame.set(isMasked ? payload.map((byte, at) => byte ^ mask[at % 4]) : payload, head.length);
  return frame;
}

/** A text as a frame of a client. */
export function clientText(text: string, traits?: FrameTraits): Uint8Array {
  return clientFrame(1, new TextEncoder().encode(text), traits);
}

/** A frame of a server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** The head of a request that becomes a WebSocket; `undefined` leaves a header out. */
export function upgradeHead(
  headers: Readonly<Record<string, string | undefined>> = {},
  target = "/",
): string {
  const all: Record<string, string | undefined> = {
    host: "127.0.0.1",
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": KEY,
    "sec-websocket-version": "13",
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** The client's side of a connection. */
export class RawClient {
  readonly tcp: TcpConnection;
  #bytes = new Uint8Array(0);

  constructor(tcp: TcpConnection) {
    this.tcp = tcp;
  }

  /** Sends a request and gives the head of the answer. */
  async ask(head: string): Promise<string> {
    await this.send(new TextEncoder().encode(head));
    let text = "";
    while (!text.endsWith("\r\n\r\n")) text += String.fromCharCode((await this.#take(1))[0]);
    return text;
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.tcp.write(bytes.subarray(at));
  }

  /** The next frame; `undefined` when no more will come. */
  async frame(): Promise<ServerFrame | undefined> {
    try {
      const [first, second] = await this.#take(2);
      if ((second & 0x80) !== 0) throw new Error("a server must not mask");
      const lengthBytes = second === 126 ? 2 : second === 127 ? 8 : 0;
      const length = lengthBytes === 0
        ? second
        : (await this.#take(lengthBytes)).reduce((sum, byte) => sum * 256 + byte, 0);
      return { opcode: first & 15, payload: await this.#take(length) };
    } catch (error) {
      if (error instanceof Ended) return undefined;
      throw error;
    }
  }

  /** The text of the next frame, or the code and reason of a close frame. */
  async text(): Promise<string | undefined> {
    const frame = await this.frame();
    if (!frame) return undefined;
    const { opcode, payload } = frame;
    if (opcode !== 8) return new TextDecoder().decode(payload);
    return `closed ${payload[0] * 256 + payload[1]} ${new TextDecoder().decode(payload.slice(2))}`;
  }

  /** The rest, to the end. */
  async rest(): Promise<string> {
    let text = new TextDecoder().decode(this.#bytes);
    const bytes = new Uint8Array(1024);
    for (let read = await this.tcp.read(bytes); read !== null; read = await this.tcp.read(bytes)) {
      text += new TextDecoder().decode(bytes.subarray(0, read));
    }
    return text;
  }

  async #take(count: number): Promise<Uint8Array> {
    while (this.#bytes.length < count) {
      const more = new Uint8Array(65_536);
      const read = await this.tcp.read(more).catch(() => null);
      if (read === null) throw new Ended();
      const all = new Uint8Array(this.#bytes.length + read);
      all.set(this.#bytes);
      all.set(more.subarray(0, read), this.#bytes.length);
      this.#bytes = all;
    }
    const taken = this.#bytes.slice(0, count);
    this.#bytes = this.#bytes.slice(count);
    return taken;
  }
}

class Ended extends Error {}
