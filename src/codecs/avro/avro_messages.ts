import { checkWhole } from "../../runtime/known_options.ts";
import type { EncodedAvro } from "./avro_encoder.ts";
import { avroFingerprint } from "./avro_fingerprint.ts";
import type { AvroSchema } from "./avro_type.ts";

/** What begins a message of Avro's single-object encoding (Avro 1.12). */
const SINGLE_OBJECT = [0xc3, 0x01] as const;
const FINGERPRINT_BYTES = 8;
const MAX_SCHEMA_ID = 2 ** 31 - 1;
/** Bytes of what stands in front of a record in the wire format of Confluent's registry. */
const REGISTRY_BYTES = 5;

/** How messages say which schema they were written by. */
export type AvroMessageFormat =
  /** Avro's single-object encoding: by the schema's fingerprint. */
  | { readonly schema: AvroSchema | string | object }
  /** The wire format of Confluent's schema registry: by the number that it gave the schema. */
  | { readonly schemaId: number };

/** A message, and which schema it was written by. */
export type AvroMessage =
  | {
    /** Avro's single-object encoding. */
    readonly format: "single-object";
    /** The CRC-64-AVRO of the schema, as {@linkcode avroFingerprint} gives it. */
    readonly fingerprint: Uint8Array;
    /** The record, a view. */
    readonly record: Uint8Array;
  }
  | {
    /** The wire format of Confluent's schema registry. */
    readonly format: "confluent";
    /** The schema's number. */
    readonly schemaId: number;
    /** The record, a view. */
    readonly record: Uint8Array;
  };

/**
 * What stands in front of each record of a schema.
 *
 * @throws {RangeError} when `schemaId` is none that the registry gives.
 */
export function avroMessagePrefix(format: AvroMessageFormat): Uint8Array<ArrayBuffer> {
  if ("schema" in format) return Uint8Array.of(...SINGLE_OBJECT, ...avroFingerprint(format.schema));
  const { schemaId } = format;
  const range = { least: 0, most: MAX_SCHEMA_ID };
  checkWhole("schemaId", schemaId, { doing: "make Avro messages", ...range });
  const prefix = new Uint8Array(REGISTRY_BYTES);
  new DataView(prefix.buffer).setInt32(1, schemaId);
  return prefix;
}

/**
 * A message for each record: what tells its schema, then the record.
 *
 * @example
 * ```ts
 * import { AvroEncoder, avroMessages, openAvroMessage, RecordBatch } from "@waggle/stream";
 *
 * using encoder = new AvroEncoder({
 *   type: "record",
 *   name: "Bird",
 *   fields: [{ name: "name", type: "string" }],
 * });
 * const encoded = encoder.encode(RecordBatch.fromRows([{ name: "Gull" }]));
 * const [message] = avroMessages(encoded, { schema: encoder.schema });
 * console.log(openAvroMessage(message).format); // single-object
 * ```
 *
 * @throws {RangeError} when `schemaId` is none that the registry gives.
 */
export function avroMessages(
  { bytes, offsets }: EncodedAvro,
  format: AvroMessageFormat,
): Uint8Array<ArrayBuffer>[] {
  const prefix = avroMessagePrefix(format);
  return Array.from({ length: offsets.length - 1 }, (_, at) => {
    const record = bytes.subarray(offsets[at], offsets[at + 1]);
    const message = new Uint8Array(prefix.length + record.length);
    message.set(prefix);
    message.set(record, prefix.length);
    return message;
  });
}

/**
 * Tells by which schema a message was written, and where its record is.
 *
 * @throws {RangeError} when it is in neither format.
 */
export function openAvroMessage(message: Uint8Array): AvroMessage {
  const [first, second] = message;
  const recordAt = SINGLE_OBJECT.length + FINGERPRINT_BYTES;
  if (first === SINGLE_OBJECT[0] && second === SINGLE_OBJECT[1] && message.length >= recordAt) {
    const fingerprint = message.slice(SINGLE_OBJECT.length, recordAt);
    return { format: "single-object", fingerprint, record: message.subarray(recordAt) };
  }
  if (first === 0 && message.length >= REGISTRY_BYTES) {
    const view = new DataView(message.buffer, message.byteOffset);
    const schemaId = view.getInt32(1);
    if (schemaId >= 0) {
      return { format: "confluent", schemaId, record: message.subarray(REGISTRY_BYTES) };
    }
  }
  const start = message.length === 0 ? "" : ` that begin ${message.slice(0, 4).toHex()}`;
  throw new RangeError(
    `Cannot open Avro message: it must begin with c3 01 and a fingerprint, or 00 and a schema's ` +
      `number, received ${message.length} bytes${start}; records without a prefix are for an ` +
      `AvroDecoder`,
  );
}
