/** Bytes of a number in front of a binary message. */
const ID_BYTES = 8;
/** The longest message that is looked at for an answer: what is longer is none. */
const MOST_ANSWER = 65_536;
/** Blanks that a message may end with. */
const MOST_BLANKS = 256;
const ENVELOPE = /^\s*\{\s*"id"\s*:\s*(\d{1,16})\s*,\s*"records"\s*:\s*/;
const END = /\s*\}\s*$/;

/** What is in a WebSocket message: a text in a text frame, bytes in a binary one. */
export type WireMessage = string | Uint8Array<ArrayBuffer>;

/** A message with the number by which it is acknowledged. */
export interface NumberedMessage {
  /** From 1, each greater than the one before; the same again when it is sent again. */
  readonly id: number;
  /** The batch in its format. */
  readonly records: WireMessage;
}

/** What one side answers the other. */
export type WireAnswer =
  /** All messages up to this number have been taken. */
  | { readonly ack: number }
  /** Something was refused. */
  | { readonly error: string }
  /** A stream of a server has ended. */
  | { readonly done: Readonly<Record<string, unknown>> };

/**
 * Puts a number around a message: `{"id":17,"records":…}` around a text, 8 bytes, most significant
 * first, before bytes.
 *
 * @throws {RangeError} when the number is not whole, below 0 or beyond 2^53 − 1.
 */
export function numbered({ id, records }: NumberedMessage): WireMessage {
  if (!(Number.isSafeInteger(id) && id >= 0)) {
    throw new RangeError(`Cannot number message: expected a whole number from 0, received ${id}`);
  }
  if (typeof records === "string") return `{"id":${id},"records":${records}}`;
  const bytes = new Uint8Array(ID_BYTES + records.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(id));
  bytes.set(records, ID_BYTES);
  return bytes;
}

/**
 * Takes the number off a message; `undefined` when it has none. Of a text only its outside is looked
 * at: that it is JSON is seen when its records are read. `id` comes first in it, nothing behind
 * `records`.
 */
export function unnumbered(message: WireMessage): NumberedMessage | undefined {
  if (typeof message !== "string") return unnumberedBytes(message);
  const [start, digits] = ENVELOPE.exec(message) ?? [];
  const [end] = END.exec(message.slice(-MOST_BLANKS)) ?? [];
  if (start === undefined || end === undefined) return undefined;
  const id = Number(digits);
  if (!Number.isSafeInteger(id)) return undefined;
  return { id, records: message.slice(start.length, message.length - end.length) };
}

function unnumberedBytes(message: Uint8Array<ArrayBuffer>): NumberedMessage | undefined {
  if (message.length < ID_BYTES) return undefined;
  const id = Number(new DataView(message.buffer, message.byteOffset).getBigUint64(0));
  return Number.isSafeInteger(id) ? { id, records: message.subarray(ID_BYTES) } : undefined;
}

/** An answer as a text message. */
export function answerText(answer: WireAnswer): string {
  return JSON.stringify(answer);
}

/** What a message answers; `undefined` when it is no answer but data, or anything else. */
export function readAnswer(message: unknown): WireAnswer | undefined {
  if (typeof message !== "string" || message.length > MOST_ANSWER) return undefined;
  // An answer has one key: most of what is none is seen without a look at all of it.
  if (!/^\s*\{\s*"(?:ack|error|done)"\s*:/.test(message)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  const answer = value as Readonly<Record<string, unknown>>;
  if (Object.keys(answer).length !== 1) return undefined;
  const { ack, error, done } = answer;
  if (typeof done === "object" && done !== null && !Array.isArray(done)) {
    return { done: done as Record<string, unknown> };
  }
  if (typeof ack === "number" && Number.isSafeInteger(ack) && ack >= 0) return { ack };
  return typeof error === "string" ? { error } : undefined;
}
