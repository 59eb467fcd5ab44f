/**
 * Batches to and from MessagePack: `@waggle/stream/msgpack`.
 *
 * Through npm:@msgpack/msgpack, which makes no code from strings. It trusts lengths and lets pass
 * texts that are not UTF-8, so bytes are looked through before it gets them.
 *
 * @module
 */
import {
  Decoder,
  decodeTimestampToTimeSpec,
  Encoder,
  encodeTimeSpecToTimestamp,
  EXT_TIMESTAMP,
  ExtData,
  ExtensionCodec,
} from "@msgpack/msgpack";
import { readColumn } from "../../batch/column_reader.ts";
import { concatBytes } from "../../batch/concat_bytes.ts";
import { MAX_DEPTH } from "../../batch/limits.ts";
import { setOwn } from "../../batch/misfit.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { TypedSchema } from "../../batch/schema.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { checkChunk, checkPositive } from "../option_checks.ts";
import { messagePackFormat } from "../optional_format.ts";
import { BOM } from "../record_scanner.ts";
import { MessagePackError } from "./message_pack_error.ts";
import { MessagePackWriter } from "./message_pack_writer.ts";
import { type FoundText, type MessagePackScan, scanMessagePack } from "./scan_message_pack.ts";

export { MessagePackError };

type KeyDecoder = NonNullable<NonNullable<ConstructorParameters<typeof Decoder>[0]>["keyDecoder"]>;

const BLOCK_ROWS = 1_024;
const MAX_ITEMS = 1_048_576;
const MAX_VALUE_BYTES = 16_777_216;
/** The latest time of a `Date`, and its earliest with a minus (ECMA-262, 21.4.1.1). */
const MAX_DATE_MS = 8.64e15;
/** Stands before keys that npm:@msgpack/msgpack would refuse, and before those that begin with it. */
const ESCAPE = "\0";

/** Options of {@linkcode toMessagePack}. */
export interface ToMessagePackOptions {
  /** Whether rows are one value after the other, and not the items of an array. Default `false`. */
  sequence?: boolean;
}

/** Options of {@linkcode fromMessagePack}. */
export interface FromMessagePackOptions<Row = Record<string, unknown>> {
  /** The columns. Default: inferred from the first 1,024 rows. */
  schema?: TypedSchema<Row>;
  /** What a key means that the schema has not: an error (default), or nothing. */
  extraKeys?: "error" | "ignore";
  /** The deepest nesting, a row being one level. Default 64. */
  maxDepth?: number;
  /** The most items of one array or map, the array of rows included. Default 1,048,576. */
  maxItems?: number;
  /** The most bytes of one text or byte string. Default 16 MiB. */
  maxValueBytes?: number;
}

const TO_OPTIONS: OptionRule<ToMessagePackOptions> = {
  doing: "write MessagePack",
  names: { sequence: true },
};

const FROM_OPTIONS: OptionRule<FromMessagePackOptions<never>> = {
  doing: "read MessagePack",
  names: { schema: true, extraKeys: true, maxDepth: true, maxItems: true, maxValueBytes: true },
};

/**
 * The rows of a batch as MessagePack: an array of maps from column names to values.
 *
 * `f64` and `f32` columns are doubles and floats, `i64` columns integers of 64 bits, timestamps the
 * extension type −1, bytes the type bin; dates are days, times milliseconds and decimals texts, as
 * in rows. In a `mixed` column `undefined` is nil, and a lone surrogate U+FFFD.
 *
 * @throws {TypeError} when an option is not known.
 *
 * @example
 * ```ts
 * import { RecordBatch } from "@waggle/stream";
 * import { fromMessagePack, toMessagePack } from "@waggle/stream/msgpack";
 *
 * const batch = RecordBatch.fromRows([{ bird: "Gull", seen: new Date(0), count: 3n }]);
 * const bytes = toMessagePack(batch);
 * console.log(fromMessagePack(bytes).toRows()); // [{ bird: "Gull", seen: 0, count: 3n }]
 * ```
 */
export function toMessagePack<Row>(
  batch: RecordBatch<Row>,
  options: ToMessagePackOptions = {},
): Uint8Array<ArrayBuffer> {
  const { sequence = false } = knownOptions(options, TO_OPTIONS);
  const encoder = new Encoder();
  const writer = new MessagePackWriter({
    other: (value) => encoder.encodeSharedRef(value),
    timestamp: (ms) => encoder.encodeSharedRef(timestampOf(ms)),
  });
  if (!sequence) writer.array(batch.length);
  const { fields } = batch.schema;
  const names = fields.map(({ name }) => encoder.encode(name));
  const types = fields.map(({ type }) => type);
  for (let start = 0; start < batch.length; start += BLOCK_ROWS) {
    const range = { start, end: Math.min(start + BLOCK_ROWS, batch.length) };
    const columns = batch.columns.map((column) => readColumn(column, range));
    for (let row = 0; row < range.end - start; row++) {
      writer.row(names, types, columns.map((column) => column[row]));
    }
  }
  return writer.finish();
}

/** A time as the extension type that MessagePack has for it. */
function timestampOf(ms: number): ExtData {
  const sec = Math.floor(ms / 1_000);
  const nsec = (ms - sec * 1_000) * 1_000_000;
  return new ExtData(EXT_TIMESTAMP, encodeTimeSpecToTimestamp({ sec, nsec }));
}

/** A time without what is finer than milliseconds; beyond what a `Date` can be a number. */
function readTimestamp(bytes: Uint8Array): Date | number {
  const { sec, nsec } = decodeTimestampToTimeSpec(bytes);
  const ms = sec * 1_000 + Math.floor(nsec / 1_000_000);
  return Math.abs(ms) <= MAX_DATE_MS ? new Date(ms) : ms;
}

/**
 * A batch of rows in MessagePack: an array of maps, or maps one after the other.
 *
 * Integers of 64 bits are bigints, others and floats numbers, timestamps without what is finer than
 * milliseconds. All lengths are checked before anything is made of them, so that a few bytes cannot
 * take much memory.
 *
 * @throws {MessagePackError} naming the byte when they are no such rows, cut short, not UTF-8, of an
 *   extension type other than timestamps, or beyond a limit.
 * @throws {TypeError} naming row and column when a value does not fit, and for unknown options.
 * @throws {RangeError} when a limit is no whole number from 1.
 */
export function fromMessagePack<Row = Record<string, unknown>>(
  bytes: Uint8Array,
  options: FromMessagePackOptions<Row> = {},
): RecordBatch<Row> {
  const {
    schema,
    extraKeys,
    maxDepth = MAX_DEPTH,
    maxItems = MAX_ITEMS,
    maxValueBytes = MAX_VALUE_BYTES,
  } = knownOptions(options, FROM_OPTIONS);
  checkChunk(bytes);
  const limits = { maxDepth, maxItems, maxValueBytes };
  for (const [name, value] of Object.entries(limits)) {
    checkPositive(name, value, FROM_OPTIONS.doing);
  }
  const scan = scanMessagePack(bytes, limits);
  const rows = decodeRows(bytes, scan);
  return RecordBatch.fromRows<object, Row>(rows, {
    ...(schema && { schema }),
    ...(extraKeys && { extraKeys }),
  });
}

function decodeRows(bytes: Uint8Array, { isArray, hasProto, bomTexts }: MessagePackScan): object[] {
  const extensionCodec = new ExtensionCodec();
  extensionCodec.register({ type: EXT_TIMESTAMP, encode: () => null, decode: readTimestamp });
  const decoder = new Decoder({
    useBigInt64: true,
    extensionCodec,
    ...(hasProto && { keyDecoder: escapingKeys }),
  });
  const whole = withSecondBoms(bytes, bomTexts);
  const rows = isArray ? decoder.decode(whole) : Array.from(decoder.decodeMulti(whole));
  return (hasProto ? unescapeKeys(rows) : rows) as object[];
}

/** The library drops a byte-order mark at the start of a long text: these get a second one. */
function withSecondBoms(bytes: Uint8Array, texts: readonly FoundText[]): Uint8Array {
  if (texts.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let done = 0;
  for (const { start, at, end } of texts) {
    const length = end - at + BOM.length;
    const head = Uint8Array.of(0xdb, length >>> 24, length >>> 16, length >>> 8, length);
    pieces.push(bytes.subarray(done, start), head, BOM);
    done = at;
  }
  return concatBytes([...pieces, bytes.subarray(done)]);
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads keys so that the library, which refuses `__proto__`, takes them. */
const escapingKeys: KeyDecoder = {
  canBeCached: () => true,
  decode: (bytes, offset, length) => {
    const key = utf8.decode(bytes.subarray(offset, offset + length));
    return key === "__proto__" || key.startsWith(ESCAPE) ? ESCAPE + key : key;
  },
};

/** Undoes {@linkcode escapingKeys} in a value, which is nested no deeper than was checked. */
function unescapeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unescapeKeys);
  const isLeaf = typeof value !== "object" || value === null || value instanceof Date ||
    value instanceof Uint8Array;
  if (isLeaf) return value;
  const object: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    setOwn(object, key.startsWith(ESCAPE) ? key.slice(1) : key, unescapeKeys(inner));
  }
  return object;
}

messagePackFormat.offer({ write: toMessagePack, read: fromMessagePack });
