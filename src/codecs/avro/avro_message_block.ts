import type { MessagePlaces } from "../../kernel/avro_message_reader.ts";
import type { UnreadableWriter } from "./avro_message_decoder.ts";

/** Numbers before all else: of messages, and of bytes that the schemas take. */
const HEAD_BYTES = 16;
const WORD_BYTES = 4;

/** By their numbers: the schemas that messages were written by, or why these cannot be read. */
export type AvroWriters = readonly (readonly [id: number, writer: string | UnreadableWriter])[];

/** Messages of Avro, one behind the other, and what is needed to read them. */
export interface AvroMessages {
  readonly writers: AvroWriters;
  /** Bytes of each message; −1: it is null. */
  readonly lengths: Int32Array;
  readonly bytes: Uint8Array;
}

function pad8(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** A block of messages without their bytes, which follow. */
export function avroMessagesHead(
  { writers, lengths }: Pick<AvroMessages, "writers" | "lengths">,
): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(writers));
  const textAt = HEAD_BYTES + pad8(lengths.length * WORD_BYTES);
  const head = new Uint8Array(textAt + pad8(text.length));
  new Float64Array(head.buffer, 0, 2).set([lengths.length, text.length]);
  new Int32Array(head.buffer, HEAD_BYTES, lengths.length).set(lengths);
  head.set(text, textAt);
  return head;
}

/** The messages of a block, which begins at a multiple of 8 bytes, and where they lie in it. */
export function openAvroMessages(
  block: Uint8Array,
  from: number,
): {
  readonly writers: AvroWriters;
  readonly messages: MessagePlaces;
  /** Where their bytes begin in the block. */
  readonly at: number;
} {
  const { buffer, byteOffset } = block;
  const [count, textBytes] = new Float64Array(buffer, byteOffset + from, 2);
  const lengths = new Int32Array(buffer, byteOffset + from + HEAD_BYTES, count).slice();
  const textAt = from + HEAD_BYTES + pad8(count * WORD_BYTES);
  // A copy, because text in shared memory cannot be decoded everywhere.
  const text = new TextDecoder().decode(block.slice(textAt, textAt + textBytes));
  const starts = new Uint32Array(count);
  let end = 0;
  lengths.forEach((length, message) => {
    starts[message] = end;
    end += Math.max(0, length);
  });
  const at = textAt + pad8(textBytes);
  const bytes = block.subarray(at, at + end);
  return { writers: JSON.parse(text), messages: { bytes, starts, lengths }, at };
}
