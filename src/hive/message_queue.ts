import { encodeFrame, frameSize } from "../batch/frame.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import {
  MESSAGE_HEADER_BYTES,
  MessageFlag,
  type MessageHeader,
  writeMessageHeader,
} from "./pipeline_frames.ts";
import type { RingWriter, Sleeper } from "./ring_buffer.ts";
import { spellOut } from "./spell_out.ts";

const FRAME = { kind: "data" } as const;

interface Message {
  readonly header: MessageHeader;
  readonly body: Uint8Array | RecordBatch;
  /** Bytes with the header. */
  readonly bytes: number;
}

/** Messages on their way into a ring, in order; they wait here while it is full. */
export class MessageQueue {
  readonly #writer: () => RingWriter;
  #waiting: Message[] = [];

  /** Messages for whatever ring `writer` gives at the moment. */
  constructor(writer: () => RingWriter) {
    this.#writer = writer;
  }

  /** Whether nothing waits for room. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The longest body that one message can have. */
  get maxBodyBytes(): number {
    return (this.#writer().maxFrameBytes - MESSAGE_HEADER_BYTES) & ~7;
  }

  /** Sends a message with a body that fits. */
  send(header: MessageHeader, body: Uint8Array | RecordBatch = new Uint8Array()): void {
    const length = body instanceof Uint8Array ? body.length : frameSize(body);
    const given = { header, body, bytes: MESSAGE_HEADER_BYTES + length };
    if (this.isEmpty && this.#put(given)) return this.#writer().publish();
    // What waits must not lie in memory that its owner is about to use again.
    const kept = body instanceof Uint8Array ? body.slice() : encodeFrame(FRAME, body);
    this.#waiting.push({ ...given, body: kept });
  }

  /**
   * As {@linkcode MessageQueue.send}, but nobody is woken: it is shown with whatever is sent next,
   * or by {@linkcode MessageQueue.show}.
   */
  sendUnshown(header: MessageHeader, body: Uint8Array): void {
    const given = { header, body, bytes: MESSAGE_HEADER_BYTES + body.length };
    if (!this.isEmpty || !this.#put(given)) this.#waiting.push({ ...given, body: body.slice() });
  }

  /** Shows what was sent unshown. */
  show(): void {
    this.#writer().publish();
  }

  /** Sends bytes of any length, in pieces of which all but the last are marked with `more`. */
  sendPieces(header: MessageHeader, body: Uint8Array): void {
    const most = this.maxBodyBytes;
    let at = 0;
    for (; body.length - at > most; at += most) {
      const flags = header.flags | MessageFlag.more;
      this.send({ ...header, flags, count: 0 }, body.subarray(at, at + most));
    }
    this.send(header, body.subarray(at));
  }

  /**
   * Sends a batch, in pieces by rows.
   *
   * @throws {RangeError} when a single row does not fit.
   */
  sendBatch(header: MessageHeader, batch: RecordBatch): void {
    let row = 0;
    for (const piece of splitBatch(batch, this.maxBodyBytes)) {
      this.send({ ...header, position: header.position + row }, piece);
      row += piece.length;
    }
  }

  /**
   * As {@linkcode MessageQueue.sendBatch} for rows of whatever size: one that does not fit goes by
   * itself, in pieces of bytes of which all but the last are marked with `more`.
   */
  sendRows(header: MessageHeader, batch: RecordBatch): void {
    this.#sendAll(header, halves(batch, this.maxBodyBytes, spellOut));
  }

  /** As {@linkcode MessageQueue.sendRows}, and dictionaries stay. */
  sendResults(header: MessageHeader, batch: RecordBatch): void {
    this.#sendAll(header, halves(batch, this.maxBodyBytes));
  }

  #sendAll(header: MessageHeader, pieces: readonly RecordBatch[]): void {
    const most = this.maxBodyBytes;
    let row = 0;
    for (const piece of pieces) {
      const given = { ...header, position: header.position + row };
      if (frameSize(piece) <= most) this.send(given, piece);
      else this.sendPieces(given, encodeFrame(FRAME, piece));
      row += piece.length;
    }
  }

  /** Writes what waits; false when there is no room for all. */
  flush(): boolean {
    let sent = 0;
    while (sent < this.#waiting.length && this.#put(this.#waiting[sent])) sent++;
    if (sent > 0) {
      this.#writer().publish();
      this.#waiting.splice(0, sent);
    }
    return this.isEmpty;
  }

  #put(message: Message): boolean {
    const frame = this.#writer().tryReserve(message.bytes);
    if (!frame) return false;
    writeMessage(frame, message);
    this.#writer().commit();
    return true;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
  }

  /** What a bee sleeps for while something waits. */
  forRoom(): Sleeper {
    return this.#writer().forRoom(this.#waiting[0].bytes);
  }
}

function writeMessage(frame: Uint8Array, { header, body }: Message): void {
  writeMessageHeader(frame, header);
  const target = frame.subarray(MESSAGE_HEADER_BYTES);
  if (body instanceof Uint8Array) target.set(body);
  else encodeFrame(FRAME, body, { target });
}

/** Cuts a batch in halves until their frames have at most so many bytes, or a single row, or none. */
function halves<Row>(
  batch: RecordBatch<Row>,
  maxBytes: number,
  trim: (half: RecordBatch<Row>) => RecordBatch<Row> = (half) => half,
): RecordBatch<Row>[] {
  if (batch.length <= 1 || frameSize(batch) <= maxBytes) return [batch];
  const middle = batch.length >> 1;
  return [batch.slice(0, middle), batch.slice(middle)]
    .flatMap((half) => halves(trim(half), maxBytes, trim));
}

/**
 * Cuts a batch into pieces whose frames have at most so many bytes.
 *
 * @throws {RangeError} when a single row does not fit.
 */
export function splitBatch<Row>(batch: RecordBatch<Row>, maxBytes: number): RecordBatch<Row>[] {
  const pieces = halves(batch, maxBytes);
  const tooLong = pieces.find((each) => frameSize(each) > maxBytes);
  if (!tooLong) return pieces;
  throw new RangeError(
    `Cannot send record to bees: it takes ${frameSize(tooLong)} bytes, at most ${maxBytes} fit ` +
      `into half a ring; pass larger ringBytes, or select fewer columns`,
  );
}
