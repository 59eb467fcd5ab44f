import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import type { WireMessage } from "../websocket_wire.ts";

/** What messages are: a JSON array of objects or one object, an Avro file, or MessagePack. */
export type MessageSourceFormat = "json" | "avro" | "msgpack";

/** A record of a message, or a whole message, that cannot be decoded. */
export interface BadMessage {
  /** As it came. */
  readonly record: string | Uint8Array;
  /** Which message it came in, from 1. */
  readonly message: number;
  /** Which of its records it is, from 1; absent: the whole message. */
  readonly at?: number;
  /** What is wrong, and what to do. */
  readonly reason: string;
}

/** How messages are decoded. */
export interface MessageDecoderOptions {
  readonly format: MessageSourceFormat;
  /** The columns; default inferred. */
  readonly schema?: Schema;
  /** The columns that are asked for: as long as they are null, columns are not inferred. */
  readonly columns?: ReadonlySet<string>;
  /** What a key means that the schema has not. */
  readonly extraKeys: "error" | "ignore";
  /** A larger record is a bad one. */
  readonly maxRecordBytes: number;
  /** Takes what cannot be decoded. */
  readonly report: (bad: BadMessage) => void;
}

/** Makes batches of messages; all of them have the same columns. */
export interface MessageDecoder extends Disposable {
  /** Records of messages that were decoded, the bad ones included. */
  readonly records: number;
  /** Decodes a message. */
  add(payload: WireMessage, message: number): void;
  /** Nothing more comes: columns are inferred from what there is. */
  end(): void;
  /** The rows so far, which have memory of their own. */
  take(): RecordBatch[];
}
