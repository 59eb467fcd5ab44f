import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { widenedField } from "../../batch/widened.ts";
import { AvroFileDecoder } from "../../codecs/avro/avro_file_decoder.ts";
import { kernelEngine } from "../../codecs/avro/avro_engine.ts";
import { KeptEngine } from "../../codecs/avro/kept_engine.ts";
import type { BadRecord } from "../../codecs/bad_record.ts";
import { messagePackFormat } from "../../codecs/optional_format.ts";
import type { WireMessage } from "../websocket_wire.ts";
import type { MessageDecoder, MessageDecoderOptions } from "./message_decoder.ts";

/** Decodes one message by itself; gives its rows, and what of it is bad. */
interface MessageCodec extends Disposable {
  decode(bytes: Uint8Array, schema: Schema | undefined): {
    readonly batches: readonly RecordBatch[];
    readonly bad?: readonly BadRecord[];
  };
}

/** Messages of bytes, each of which can be read by itself. */
export class PackedMessages implements MessageDecoder {
  readonly #options: MessageDecoderOptions;
  readonly #codec: MessageCodec;
  #schema: Schema | undefined;
  #batches: RecordBatch[] = [];
  records = 0;

  /** A decoder that has seen nothing. */
  constructor(options: MessageDecoderOptions, codec: MessageCodec) {
    this.#options = options;
    this.#codec = codec;
    this.#schema = options.schema;
  }

  /** See {@linkcode MessageDecoder}. */
  add(payload: WireMessage, message: number): void {
    try {
      if (typeof payload === "string") throw new TypeError("it is a text, and no bytes");
      const { batches, bad = [] } = this.#codec.decode(payload, this.#schema);
      for (const { bytes: record, error } of bad) {
        this.records++;
        this.#options.report({ record, message, reason: error.message });
      }
      for (const batch of batches) {
        this.#schema ??= batch.schema;
        this.records += batch.length;
        if (batch.length > 0) this.#batches.push(batch);
      }
    } catch (error) {
      // a message that its sender has made wrong, whatever is wrong with it
      this.records++;
      this.#options.report({ record: payload, message, reason: (error as Error).message });
    }
  }

  /** Nothing waits. */
  end(): void {}

  /** See {@linkcode MessageDecoder}. */
  take(): RecordBatch[] {
    const batches = this.#batches;
    this.#batches = [];
    return batches;
  }

  [Symbol.dispose](): void {
    this.#codec[Symbol.dispose]();
  }
}

/** Avro files; the columns are those of the first. */
export function avroMessages(maxRecordBytes: number): MessageCodec {
  const engine = new KeptEngine(kernelEngine);
  return {
    decode: (bytes, schema) => {
      const bad: BadRecord[] = [];
      const decoder = new AvroFileDecoder({
        ...{ engine, maxRecordBytes, name: "the message", badRecords: "deadLetter" },
        deadLetter: (each) => void bad.push(each),
        ...(schema && { schema }),
      });
      return { batches: [...decoder.push(bytes), ...decoder.finish()], bad };
    },
    [Symbol.dispose]: () => engine[Symbol.dispose](),
  };
}

/** Arrays of maps; the columns are inferred from the first. */
export function messagePackMessages(extraKeys: "error" | "ignore"): MessageCodec {
  const { read } = messagePackFormat.get("read messages");
  return {
    decode: (bytes, schema) => {
      if (schema) return { batches: [read(bytes, { schema, extraKeys })] };
      const first = read(bytes, {});
      if (first.length === 0) return { batches: [] };
      const fields = first.schema.fields.map(widenedField);
      return { batches: [read(bytes, { schema: { fields }, extraKeys })] };
    },
    [Symbol.dispose]: () => {},
  };
}
