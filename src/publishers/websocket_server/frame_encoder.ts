import type { RecordBatch } from "../../batch/record_batch.ts";
import { frameOf, Opcode } from "../../sources/websocket_server/frames.ts";
import {
  type MessageEncoder,
  messageEncoder,
  type MessageFormat,
  type MessageFormatOptions,
} from "../message_format.ts";
import type { BatchFrame } from "./client_outbox.ts";

/** How batches are written as messages. */
export interface FrameFormatOptions extends MessageFormatOptions {
  /** JSON and JSON lines are text messages, the others binary ones. Default `"json"`. */
  format?: MessageFormat;
}

/** The names of {@linkcode FrameFormatOptions}. */
export const FORMAT_NAMES: Readonly<Record<keyof FrameFormatOptions, true>> = {
  format: true,
  json: true,
  avro: true,
};

/** Makes one frame of each batch, which can go to any number of clients. */
export class FrameEncoder implements Disposable {
  readonly #encoder: MessageEncoder;
  readonly #opcode: number;

  /**
   * By a format.
   *
   * @throws {TypeError | RangeError} when it is none, or an option none that it can be.
   */
  constructor({ format = "json", json, avro }: FrameFormatOptions) {
    this.#encoder = messageEncoder(format, { ...(json && { json }), ...(avro && { avro }) });
    this.#opcode = format === "json" || format === "ndjson" ? Opcode.text : Opcode.binary;
  }

  /** The frame of a batch. */
  encode(batch: RecordBatch): BatchFrame {
    return {
      frame: frameOf(this.#opcode, this.#encoder.bytes(batch)),
      records: batch.length,
    };
  }

  /** Gives its memory back. */
  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
  }
}
