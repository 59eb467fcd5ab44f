import type { RecordBatch } from "../batch/record_batch.ts";
import { sameFields } from "../batch/schema_check.ts";
import type { Schema } from "../batch/schema.ts";
import { concatBytes } from "../batch/concat_bytes.ts";
import { AvroFileEncoder, type AvroFileEncoderOptions } from "../codecs/avro/avro_file_encoder.ts";
import { SYNC_BYTES } from "../codecs/avro/avro_file_header.ts";
import { avroSchemaOf } from "../codecs/avro/avro_schema_of.ts";
import type { AvroSchema } from "../codecs/avro/avro_type.ts";
import { schemaOf } from "../codecs/avro/avro_encoder.ts";
import { JsonEncoder, type JsonEncoderOptions } from "../codecs/json/json_encoder.ts";
import { messagePackFormat } from "../codecs/optional_format.ts";
import { checkWord } from "../codecs/option_checks.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";

/**
 * What a batch is as one message: a JSON array of objects, JSON lines, an Avro file (object
 * container file) of one block, or a MessagePack array of maps, which needs
 * `import "@waggle/stream/msgpack"`.
 */
export type MessageFormat = "json" | "ndjson" | "avro" | "msgpack";

/** The names of all of them. */
export const MESSAGE_FORMATS: readonly MessageFormat[] = ["json", "ndjson", "avro", "msgpack"];

/** How records are written, by format. */
export interface MessageFormatOptions {
  /** Of JSON and JSON lines. */
  readonly json?: Omit<JsonEncoderOptions, "lines">;
  /** Of Avro; its schema is inferred from the columns of each batch unless it stands here. */
  readonly avro?: Omit<AvroFileEncoderOptions, "blockBytes">;
}

/** Makes one message of each batch; all of them can be read by themselves. */
export interface MessageEncoder extends Disposable {
  /** What it is in HTTP. */
  readonly contentType: string;
  /** The message: a text, where the format is one. */
  encode(batch: RecordBatch): string | Uint8Array<ArrayBuffer>;
  /** The same as bytes, which are nobody else's. */
  bytes(batch: RecordBatch): Uint8Array<ArrayBuffer>;
}

/** UTF-8 that came out of the kernel: well-formed, and a mark at its start is a character. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function json(options: MessageFormatOptions["json"], lines: boolean): MessageEncoder {
  const encoder = new JsonEncoder({ ...options, lines });
  return {
    contentType: lines ? "application/x-ndjson" : "application/json",
    encode: (batch) => utf8.decode(encoder.encode(batch)),
    bytes: (batch) => encoder.encode(batch).slice(),
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}

function messagePack(): MessageEncoder {
  const { write } = messagePackFormat.get("write messages");
  return {
    contentType: "application/vnd.msgpack",
    encode: write,
    bytes: write,
    [Symbol.dispose]: () => {},
  };
}

/** What writes files of one schema: their header comes once, and their blocks one by one. */
interface AvroMessageFile {
  readonly schema: AvroSchema;
  readonly encoder: AvroFileEncoder;
  header: Uint8Array<ArrayBuffer>;
}

/** Writes each batch as an Avro file of its own: they all have the same header. */
class AvroMessages implements MessageEncoder {
  readonly contentType = "application/avro";
  readonly #options: AvroFileEncoderOptions;
  #file: AvroMessageFile | undefined;
  #inferred: { readonly of: Schema; readonly schema: AvroSchema } | undefined;

  constructor({ schema, ...rest }: AvroFileEncoderOptions) {
    this.#options = {
      ...(schema !== undefined && { schema: schemaOf(schema) }),
      syncMarker: Uint8Array.from({ length: SYNC_BYTES }, () => denoRuntime.random() * 256),
      ...rest,
      blockBytes: Number.MAX_SAFE_INTEGER,
    };
    new AvroFileEncoder(this.#options)[Symbol.dispose](); // tells of options that cannot be
  }

  encode(batch: RecordBatch): Uint8Array<ArrayBuffer> {
    const { schema = this.#schemaOf(batch.schema) } = this.#options;
    const file = this.#fileOf(schema as AvroSchema);
    try {
      const [header] = file.encoder.push(batch);
      file.header = header ?? file.header;
      const blocks = file.encoder.flush();
      return blocks.length === 0 ? file.header.slice() : concatBytes([file.header, ...blocks]);
    } catch (error) {
      this[Symbol.dispose](); // nothing of it may come with the next
      throw error;
    }
  }

  bytes(batch: RecordBatch): Uint8Array<ArrayBuffer> {
    return this.encode(batch);
  }

  [Symbol.dispose](): void {
    this.#file?.encoder[Symbol.dispose]();
    this.#file = undefined;
  }

  #fileOf(schema: AvroSchema): AvroMessageFile {
    if (this.#file?.schema === schema) return this.#file;
    this[Symbol.dispose]();
    const encoder = new AvroFileEncoder({ ...this.#options, schema });
    return this.#file = { schema, encoder, header: new Uint8Array() };
  }

  #schemaOf(of: Schema): AvroSchema {
    const known = this.#inferred;
    if (known && (known.of === of || sameFields(known.of.fields, of.fields))) return known.schema;
    const schema = avroSchemaOf(of);
    this.#inferred = { of, schema };
    return schema;
  }
}

/**
 * What makes messages of batches.
 *
 * @throws {TypeError | RangeError} when the format is none of these, or an option none that it can be,
 *   and for MessagePack when `@waggle/stream/msgpack` was not imported.
 */
export function messageEncoder(
  format: MessageFormat,
  options: MessageFormatOptions = {},
): MessageEncoder {
  switch (checkWord("format", format, MESSAGE_FORMATS, "write messages")) {
    case "json":
      return json(options.json, false);
    case "ndjson":
      return json(options.json, true);
    case "avro":
      return new AvroMessages(options.avro ?? {});
    case "msgpack":
      return messagePack();
  }
}
