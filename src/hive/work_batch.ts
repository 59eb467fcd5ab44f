import type { RecordReader } from "../batch/records/mod.ts";
import { aligned, hashBytes, readWorkHeader, RECORD_HEADER_BYTES } from "./record_frames.ts";

/** In place of a result that is not there yet. */
export const PENDING: unique symbol = Symbol("pending");

/** In place of a result when the function threw. */
export class RowFailure {
  /** The error's name, as `TypeError`. */
  readonly name: string;
  /** The error's message. */
  readonly message: string;

  /** From whatever was thrown, whose own members may throw in their turn. */
  constructor(thrown: unknown) {
    this.name = shown(() => thrown instanceof Error ? thrown.name : "Error", "Error");
    const message = () => thrown instanceof Error ? thrown.message : thrown;
    this.message = shown(message, "a value that cannot be shown was thrown");
  }
}

function shown(read: () => unknown, otherwise: string): string {
  try {
    return String(read());
  } catch {
    return otherwise;
  }
}

/** A batch that a bee has taken up: its rows, and the results so far. */
export class WorkBatch {
  /** The hive's number for it. */
  readonly id: number;
  /** The row after the last one to do. */
  readonly to: number;
  readonly values: unknown[];
  readonly keys: unknown[] | undefined;
  /** A hash of each row's key: equal keys have equal hashes. */
  readonly hashes: Int32Array;
  readonly results: unknown[];
  /** Whether a bee was lost over it before. */
  readonly suspect: boolean;
  readonly startedMs: number;
  /** The first row that was not started. */
  next: number;
  /** The first row that was not staged for sending. */
  sent: number;

  /** Decodes a frame of work; nothing of the frame's memory is kept. */
  constructor(
    frame: Uint8Array,
    readers: { values: RecordReader; keys: RecordReader },
    startedMs: number,
  ) {
    const header = readWorkHeader(frame);
    const hashesAt = RECORD_HEADER_BYTES;
    const valuesAt = hashesAt + hashBytes(header.rows);
    const keysAt = valuesAt + aligned(header.valueBytes);
    this.id = header.batch;
    this.to = header.to;
    this.suspect = header.suspect;
    this.hashes = new Int32Array(frame.buffer, frame.byteOffset + hashesAt, header.rows).slice();
    this.values = readers.values.read(frame.subarray(valuesAt, valuesAt + header.valueBytes));
    this.keys = header.keyBytes > 0
      ? readers.keys.read(frame.subarray(keysAt, keysAt + header.keyBytes))
      : undefined;
    this.results = new Array(header.rows).fill(PENDING);
    this.startedMs = startedMs;
    this.next = this.sent = header.from;
  }

  /** Whether the next row in order has a result that was not sent. */
  get hasResult(): boolean {
    return this.sent < this.to && this.results[this.sent] !== PENDING;
  }

  /** Whether every result was staged for sending. */
  get done(): boolean {
    return this.sent === this.to;
  }
}
