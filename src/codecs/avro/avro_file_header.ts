import { AVRO_CODECS, type AvroCodec, isAvroCodec } from "./avro_block_codecs.ts";
import { AvroCursor } from "./avro_cursor.ts";
import { AvroFileFaultError, COPY_AGAIN } from "./avro_file_fault.ts";
import type { AvroSchema } from "./avro_type.ts";
import { ByteWriter } from "./byte_writer.ts";
import { parseAvroSchema } from "./parse_avro_schema.ts";

/** The first bytes of an Avro file: "Obj" and a version. */
const MAGIC = Uint8Array.of(0x4f, 0x62, 0x6a, 1);
const MAX_ENTRIES = 4_096;

/** Bytes of a sync marker. */
export const SYNC_BYTES = 16;

/** The header of an Avro file (Avro 1.12, "Object container files"). */
export interface AvroFileHeader {
  /** What its records are. */
  readonly schema: AvroSchema;
  /** How its blocks are compressed. */
  readonly codec: AvroCodec;
  /** Everything that stands in it by name, schema and codec among them. */
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  /** What stands behind each block. */
  readonly sync: Uint8Array;
  /** Where the first block begins. */
  readonly sizeBytes: number;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function fault(reason: string, offset: number, fix: string = COPY_AGAIN): AvroFileFaultError {
  return new AvroFileFaultError({ reason, offset, fix });
}

function textOf(bytes: Uint8Array, what: string): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw fault(`${what} in the header is not valid UTF-8`, 0);
  }
}

function checkMagic(bytes: Uint8Array): void {
  const other = MAGIC.findIndex((byte, at) => at < bytes.length && bytes[at] !== byte);
  if (other < 0) return;
  const fix = "records without a header need their schema: pass them to an AvroDecoder";
  throw fault('it is no Avro file: it does not begin with "Obj" and the byte 1', other, fix);
}

function readMetadata(cursor: AvroCursor): Map<string, Uint8Array> {
  const metadata = new Map<string, Uint8Array>();
  let entries = 0;
  while (!cursor.isShort) {
    const start = cursor.at;
    const count = cursor.long();
    // a negative count is followed by the size of its entries in bytes
    if (count < 0) cursor.long();
    if (cursor.isShort || count === 0 && !cursor.isOverlong) break;
    entries += Math.abs(count);
    if (cursor.isOverlong || entries > MAX_ENTRIES) {
      throw fault(`the header has more than ${MAX_ENTRIES} entries`, start);
    }
    for (let left = Math.abs(count); left > 0 && !cursor.isShort; left--) {
      const key = readBytes(cursor);
      const value = readBytes(cursor);
      if (!cursor.isShort) metadata.set(textOf(key, "a name"), value.slice());
    }
  }
  return metadata;
}

function readBytes(cursor: AvroCursor): Uint8Array {
  const start = cursor.at;
  const length = cursor.long();
  if (length < 0 || cursor.isOverlong) throw fault("a length in the header is none", start);
  return cursor.bytes(length);
}

function codecOf(metadata: ReadonlyMap<string, Uint8Array>): AvroCodec {
  const given = metadata.get("avro.codec");
  const codec = given === undefined ? "null" : textOf(given, "the codec");
  if (isAvroCodec(codec)) return codec;
  throw fault(
    `its blocks are compressed by the codec ${JSON.stringify(codec.slice(0, 40))}, which is not ` +
      `known here (${AVRO_CODECS.join(", ")} are)`,
    0,
    "write it again with one of these",
  );
}

function schemaOf(metadata: ReadonlyMap<string, Uint8Array>): AvroSchema {
  const given = metadata.get("avro.schema");
  if (given === undefined) throw fault("the header has no schema (avro.schema)", 0);
  try {
    return parseAvroSchema(textOf(given, "the schema"));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const reason = `its schema cannot be used: ${cause.message}`;
    throw new AvroFileFaultError({ reason, offset: 0, fix: "write it again" }, { cause });
  }
}

/**
 * Reads the header at the start of a file; `undefined` when more of it has to come.
 *
 * @throws {AvroFileFaultError} when it is none, or names a codec or schema that cannot be used.
 */
export function readAvroFileHeader(
  bytes: Uint8Array,
  maxHeaderBytes: number,
): AvroFileHeader | undefined {
  checkMagic(bytes);
  const cursor = new AvroCursor(bytes.subarray(0, maxHeaderBytes), MAGIC.length);
  const metadata = readMetadata(cursor);
  const sync = cursor.bytes(SYNC_BYTES).slice();
  if (cursor.isShort) {
    if (bytes.length < maxHeaderBytes) return undefined;
    const reason = `the header is larger than maxHeaderBytes (${maxHeaderBytes})`;
    throw fault(reason, maxHeaderBytes, "raise maxHeaderBytes if the file is to be trusted");
  }
  return {
    schema: schemaOf(metadata),
    codec: codecOf(metadata),
    metadata,
    sync,
    sizeBytes: cursor.at,
  };
}

/** The header of a file. */
export function writeAvroFileHeader(
  metadata: ReadonlyMap<string, Uint8Array>,
  sync: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writer.fixed(MAGIC);
  writer.whole(metadata.size);
  for (const [key, value] of metadata) {
    writer.text(key);
    writer.bytes(value);
  }
  writer.whole(0);
  writer.fixed(sync);
  return writer.take();
}
