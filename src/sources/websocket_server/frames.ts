import { StreamingError } from "../../hive/streaming_error.ts";

/** What a frame is (RFC 6455, section 11.8). */
export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** Why a connection is closed (RFC 6455, section 7.4). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  /** A text that is not UTF-8. */
  invalidText: 1007,
  /** What was asked for, or sent, is not what this server takes. */
  policy: 1008,
  tooBig: 1009,
  internalError: 1011,
  /** Slower than what is sent. */
  tryAgainLater: 1013,
} as const;

const FIN = 0x80;
const MASKED = 0x80;
const RESERVED = 0x70;
const MOST_CONTROL_BYTES = 125;
const LONGEST_HEAD_BYTES = 14;
const MOST_REASON_BYTES = 123;

/** What a client sent is no WebSocket frame, or one that may not come. */
export class FrameError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "FrameError";
  /** What the connection is closed with. */
  readonly code: number;

  /** With the code of the close frame, and what is wrong. */
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A frame of a server, which masks nothing. */
export function frameOf(opcode: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const headBytes = length <= MOST_CONTROL_BYTES ? 2 : length <= 0xffff ? 4 : 10;
  const frame = new Uint8Array(headBytes + length);
  frame[0] = FIN | opcode;
  const view = new DataView(frame.buffer);
  if (headBytes === 2) frame[1] = length;
  else if (headBytes === 4) {
    frame[1] = 126;
    view.setUint16(2, length);
  } else {
    frame[1] = 127;
    view.setBigUint64(2, BigInt(length));
  }
  frame.set(payload, headBytes);
  return frame;
}

/** A message as one frame: a text in a text frame, bytes in a binary one. */
export function messageFrame(message: string | Uint8Array): Uint8Array<ArrayBuffer> {
  if (typeof message !== "string") return frameOf(Opcode.binary, message);
  return frameOf(Opcode.text, new TextEncoder().encode(message));
}

/** A close frame; of a long reason as much as it may say. */
export function closeFrame(code: number, reason: string): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(2 + MOST_REASON_BYTES);
  new DataView(payload.buffer).setUint16(0, code);
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
  return frameOf(Opcode.close, payload.subarray(0, 2 + written));
}

/** What has come from a client. */
export type ClientFrame =
  | { readonly kind: "message"; readonly data: string | Uint8Array<ArrayBuffer> }
  | { readonly kind: "ping" | "pong"; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

interface Head {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly length: number;
  readonly mask: Uint8Array<ArrayBuffer>;
}

/** Undoes the mask of a frame, which has memory of its own. */
function unmask(payload: Uint8Array<ArrayBuffer>, mask: Uint8Array<ArrayBuffer>): void {
  const words = new Uint32Array(payload.buffer, 0, payload.length >>> 2);
  const [word] = new Uint32Array(mask.buffer); // both in the order of this machine
  for (let i = 0; i < words.length; i++) words[i] ^= word;
  for (let i = words.length << 2; i < payload.length; i++) payload[i] ^= mask[i & 3];
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FrameError(CloseCode.invalidText, "a text message must be UTF-8");
  }
}

function messageOf(opcode: number, bytes: Uint8Array<ArrayBuffer>): ClientFrame {
  return { kind: "message", data: opcode === Opcode.text ? utf8(bytes) : bytes };
}

/** Codes that a peer may send (RFC 6455, section 7.4, and those registered since). */
function maySend(code: number): boolean {
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
    (code >= 3000 && code <= 4999);
}

/**
 * Takes frames of a client apart, whatever the pieces are in which their bytes come. A message may
 * come in several frames; what they hold together is bounded, and known before it is kept.
 */
export class FrameReader {
  readonly #maxMessageBytes: number;
  readonly #headBytes = new Uint8Array(LONGEST_HEAD_BYTES);
  #headLength = 0;
  #head: Head | undefined;
  #payload = new Uint8Array(0);
  #filled = 0;
  /** The kind of the message that has begun, and what its frames so far hold. */
  #opcode: number | undefined;
  #message = new Uint8Array(0);
  #messageBytes = 0;

  /** A reader that takes messages up to a size. */
  constructor({ maxMessageBytes }: { readonly maxMessageBytes: number }) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * What these bytes complete.
   *
   * @throws {FrameError} when they are no frames of a client, or their message is too large.
   */
  *push(bytes: Uint8Array): Generator<ClientFrame, void, undefined> {
    for (let at = 0; at < bytes.length;) {
      if (this.#head) at += this.#fill(this.#head.length, bytes.subarray(at));
      else {
        this.#headBytes[this.#headLength++] = bytes[at++];
        this.#head = this.#readHead();
      }
      if (this.#isWhole()) yield* this.#frame();
    }
  }

  #isWhole(): boolean {
    return this.#head !== undefined && this.#filled === this.#head.length;
  }

  #readHead(): Head | undefined {
    if (this.#headLength < 2) return undefined;
    const [first, second] = this.#headBytes;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (this.#headLength === 2) this.#checkHead(first, second);
    if (this.#headLength < 2 + lengthBytes + 4) return undefined;
    const view = new DataView(this.#headBytes.buffer);
    const length = lengthBytes === 0
      ? short
      : lengthBytes === 2
      ? view.getUint16(2)
      : Number(view.getBigUint64(2));
    const opcode = first & 0xf;
    if (opcode < Opcode.close) this.#checkSize(length);
    this.#payload = new Uint8Array(length);
    this.#filled = 0;
    const mask = this.#headBytes.slice(2 + lengthBytes, 6 + lengthBytes);
    return { opcode, isFinal: (first & FIN) !== 0, length, mask };
  }

  #checkHead(first: number, second: number): void {
    const wrong = (what: string) => new FrameError(CloseCode.protocolError, what);
    const opcode = first & 0xf;
    if ((first & RESERVED) !== 0) {
      throw wrong("a frame uses an extension, and none was agreed upon");
    }
    if ((second & MASKED) === 0) throw wrong("a client must mask its frames");
    if (opcode >= Opcode.close) {
      if (opcode > Opcode.pong) throw wrong(`a frame has the unknown kind ${opcode}`);
      const isPlain = (first & FIN) !== 0 && (second & 0x7f) <= MOST_CONTROL_BYTES;
      if (!isPlain) throw wrong("a control frame must be whole and of at most 125 bytes");
    } else if (opcode > Opcode.binary) throw wrong(`a frame has the unknown kind ${opcode}`);
    else if ((opcode === Opcode.continuation) !== (this.#opcode !== undefined)) {
      throw wrong("the frames of two messages are mixed");
    }
  }

  #checkSize(length: number): void {
    if (this.#messageBytes + length <= this.#maxMessageBytes) return;
    throw new FrameError(
      CloseCode.tooBig,
      `a message may have ${this.#maxMessageBytes} bytes, this one has at least ` +
        `${this.#messageBytes + length}`,
    );
  }

  #fill(length: number, bytes: Uint8Array): number {
    const part = bytes.subarray(0, length - this.#filled);
    this.#payload.set(part, this.#filled);
    this.#filled += part.length;
    return part.length;
  }

  *#frame(): Generator<ClientFrame, void, undefined> {
    const { opcode, isFinal, mask } = this.#head!;
    const payload = this.#payload;
    unmask(payload, mask);
    this.#head = undefined;
    this.#headLength = 0;
    this.#payload = new Uint8Array(0);
    if (opcode >= Opcode.close) return void (yield this.#control(opcode, payload));
    if (this.#opcode === undefined && isFinal) return void (yield messageOf(opcode, payload));
    this.#opcode ??= opcode;
    this.#append(payload);
    if (isFinal) yield this.#whole(this.#opcode);
  }

  /** Frames may be as short as a byte: they are not kept one by one. */
  #append(payload: Uint8Array): void {
    const bytes = this.#messageBytes + payload.length;
    if (bytes > this.#message.length) {
      const larger = new Uint8Array(Math.min(this.#maxMessageBytes, Math.max(256, 2 * bytes)));
      larger.set(this.#message.subarray(0, this.#messageBytes));
      this.#message = larger;
    }
    this.#message.set(payload, this.#messageBytes);
    this.#messageBytes = bytes;
  }

  #whole(opcode: number): ClientFrame {
    const bytes = this.#message.subarray(0, this.#messageBytes);
    this.#opcode = undefined;
    this.#message = new Uint8Array(0);
    this.#messageBytes = 0;
    return messageOf(opcode, bytes);
  }

  #control(opcode: number, payload: Uint8Array<ArrayBuffer>): ClientFrame {
    if (opcode === Opcode.ping) return { kind: "ping", payload };
    if (opcode === Opcode.pong) return { kind: "pong", payload };
    if (payload.length === 0) return { kind: "close", code: CloseCode.normal, reason: "" };
    const code = payload.length === 1 ? 0 : new DataView(payload.buffer).getUint16(0);
    if (!maySend(code)) {
      throw new FrameError(CloseCode.protocolError, `a close frame has the code ${code}`);
    }
    return { kind: "close", code, reason: utf8(payload.subarray(2)) };
  }
}
