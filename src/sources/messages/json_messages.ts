import { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { checkSchema } from "../../batch/schema_check.ts";
import { showName } from "../../batch/shown_names.ts";
import { widenedField } from "../../batch/widened.ts";
import type { BadBlockRecord } from "../../codecs/block_decoder.ts";
import { ownColumn } from "../../codecs/built_columns.ts";
import { ArrayUnwrapper } from "../../codecs/json/array_unwrapper.ts";
import { NdjsonBlockDecoder } from "../../codecs/json/ndjson_block_decoder.ts";
import { NdjsonFormat } from "../../codecs/json/ndjson_format.ts";
import { BATCH_ROWS, MAX_COLUMNS, MAX_JSON_DEPTH } from "../../codecs/limits.ts";
import { sharedKernel } from "../../codecs/shared_kernel.ts";
import { utf8Text } from "../../codecs/utf8_text.ts";
import { concatBytes } from "../../batch/concat_bytes.ts";
import { FirstRows } from "../../stream/first_rows.ts";
import type { WireMessage } from "../websocket_wire.ts";
import type { MessageDecoder, MessageDecoderOptions } from "./message_decoder.ts";

const LIMITS = { maxDepth: MAX_JSON_DEPTH, maxColumns: MAX_COLUMNS };
const [LF, COMMA] = [0x0a, 0x2c];
const [OPEN, CLOSE] = [Uint8Array.of(0x5b), Uint8Array.of(0x5d)];
const FIX = "send a JSON array of objects, or one object";
const encoder = new TextEncoder();

/** The records of a message, one a line. */
interface MessageLines {
  readonly bytes: Uint8Array;
  readonly message: number;
}

/**
 * Messages of JSON, decoded in the kernel. Until the columns are known their records wait, at most
 * 1,024 of them.
 */
export class JsonMessages implements MessageDecoder {
  readonly #options: MessageDecoderOptions;
  readonly #first: FirstRows;
  #held: MessageLines[] = [];
  #decoder: NdjsonBlockDecoder | undefined;
  #schema: Schema | undefined;
  #batches: RecordBatch[] = [];
  records = 0;

  /** A decoder that has seen nothing. */
  constructor(options: MessageDecoderOptions) {
    this.#options = options;
    this.#first = new FirstRows({ inferenceRows: undefined, columns: options.columns });
    if (options.schema) this.#open(options.schema);
  }

  /** See {@linkcode MessageDecoder}. */
  add(payload: WireMessage, message: number): void {
    if (this.#decoder && typeof payload === "string" && looksPlain(payload)) {
      return this.#decodePlain(payload, message);
    }
    const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
    const lines = unwrapped(bytes);
    if (this.#decoder) this.#decode({ bytes: lines.bytes, message });
    else if (lines.bytes.length > 0) this.#hold({ bytes: lines.bytes, message });
    this.#reportFault(lines.fault, payload, message);
  }

  /** See {@linkcode MessageDecoder}. */
  end(): void {
    if (!this.#decoder && this.#held.length > 0) this.#infer();
  }

  /** See {@linkcode MessageDecoder}. */
  take(): RecordBatch[] {
    this.#close();
    const batches = this.#batches;
    this.#batches = [];
    return batches;
  }

  [Symbol.dispose](): void {
    this.#decoder?.[Symbol.dispose]();
    this.#decoder = undefined;
  }

  #open(schema: Schema): void {
    checkSchema(schema);
    this.#schema = schema;
    const { extraKeys, maxRecordBytes } = this.#options;
    const spec = { ...LIMITS, schema, extraKeys, maxRecordBytes, batchRows: BATCH_ROWS };
    this.#decoder = new NdjsonBlockDecoder({ format: "ndjson", ...spec }, sharedKernel());
  }

  /** Keeps a message until the columns are known; whether they are then depends on what is in it. */
  #hold(lines: MessageLines): void {
    this.#held.push(lines);
    let isEnough = false;
    for (const text of textsOf(lines.bytes)) isEnough = this.#first.add(rowOf(text)) || isEnough;
    if (isEnough) this.#infer();
  }

  #infer(): void {
    const held = this.#held;
    this.#held = [];
    const format = new NdjsonFormat("messages", LIMITS);
    const schema = format.inferColumns(held.flatMap(({ bytes }) => textsOf(bytes)));
    this.#open({ fields: schema?.fields.map(widenedField) ?? [] });
    for (const lines of held) this.#decode(lines);
  }

  /**
   * Decodes an array that is cut wherever objects seem to meet, which is fast to find. A cut that is
   * within an object leaves a record that is none, so that all before the first bad one are right;
   * from there on the array is looked at byte by byte.
   */
  #decodePlain(text: string, message: number): void {
    const decoder = this.#decoder!;
    const bytes = encoder.encode(text.slice(1, -1).replaceAll("},{", "}\n{"));
    let found = 0;
    for (let at = 0; at < bytes.length;) {
      const part = decoder.append(bytes, at, 1);
      const [bad] = part.bad;
      at = bad ? bad.start : part.end;
      found += part.records - part.bad.length;
      if (decoder.isFull) this.#close();
      if (!bad) continue;
      this.records += found;
      return this.#decodeRest(bytes.subarray(at), { text, message, found });
    }
    this.records += found;
  }

  #decodeRest(bytes: Uint8Array, { text, message, found }: PlainRest): void {
    const rest = bytes.map((byte) => byte === LF ? COMMA : byte);
    const lines = unwrapped(concatBytes([OPEN, rest, CLOSE]));
    this.#decode({ bytes: lines.bytes, message }, found);
    this.#reportFault(lines.fault, text, message);
  }

  #reportFault(fault: string | undefined, record: WireMessage, message: number): void {
    if (fault === undefined) return;
    this.records++;
    this.#options.report({ record, message, reason: `${fault}; ${FIX}` });
  }

  #decode({ bytes, message }: MessageLines, before = 0): void {
    const decoder = this.#decoder!;
    let found = before;
    for (let at = 0; at < bytes.length;) {
      const part = decoder.append(bytes, at);
      for (const bad of part.bad) this.#report(bad, { bytes, message }, found);
      found += part.records;
      at = part.end;
      if (decoder.isFull) this.#close();
    }
    this.records += found - before;
  }

  #report(bad: BadBlockRecord, { bytes, message }: MessageLines, before: number): void {
    const { start, column, reason, fix, record } = bad;
    const end = Math.min(bad.end, start + this.#options.maxRecordBytes);
    const where = column === undefined ? "" : `column ${showName(column)}: `;
    this.#options.report({
      record: bytes.slice(start, end),
      message,
      at: before + record + 1,
      reason: `${where}${reason}; ${fix}`,
    });
  }

  #close(): void {
    if (!this.#decoder || this.#decoder.rows === 0) return;
    const { columns, length } = this.#decoder.take();
    this.#batches.push(new RecordBatch(this.#schema!, columns.map(ownColumn), length));
  }
}

/** What is left of a message that was not as plain as it looked. */
interface PlainRest {
  readonly text: string;
  readonly message: number;
  /** Records of it that were decoded. */
  readonly found: number;
}

/** Whether a text may be an array of objects with nothing between them, on one line. */
function looksPlain(text: string): boolean {
  return text.startsWith("[{") && text.endsWith("}]") && !text.includes("\n");
}

/**
 * The elements of an array as lines, or the one object that a message is; where that is wrong as a
 * whole, those before.
 */
function unwrapped(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly fault?: string } {
  const pieces: Uint8Array[] = [];
  let fault: string | undefined;
  const unwrapper = new ArrayUnwrapper({
    takeBytes: (piece) => {
      if (fault === undefined) pieces.push(piece);
    },
    takeFault: ({ reason }) => void (fault ??= reason),
    refuse: () => {
      throw new TypeError("a message is put into an array before it is unwrapped");
    },
  });
  const isArray = bytes.find((byte) => byte > 0x20) === OPEN[0];
  for (const piece of isArray ? [bytes] : [OPEN, bytes, CLOSE]) unwrapper.push(piece);
  unwrapper.finish();
  const lines = concatBytes(pieces);
  if (fault !== undefined) return { bytes: lines.subarray(0, lines.lastIndexOf(LF) + 1), fault };
  return !isArray && lines.length === 0 ? { bytes: lines, fault: "it is empty" } : { bytes: lines };
}

function textsOf(lines: Uint8Array): string[] {
  return (utf8Text(lines) ?? "").split("\n").filter((text) => text !== "");
}

/** A row, to see which of its columns have values; what is wrong with it is seen later. */
function rowOf(text: string): object {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
