import { BOM } from "../record_scanner.ts";
import { MessagePackError } from "./message_pack_error.ts";

/** What MessagePack may hold. */
export interface MessagePackLimits {
  /** The deepest nesting, a row being one level. */
  readonly maxDepth: number;
  /** The most items of one array or map. */
  readonly maxItems: number;
  /** The most bytes of one text, byte string or extension. */
  readonly maxValueBytes: number;
}

/** A text in MessagePack. */
export interface FoundText {
  /** Where its length stands. */
  readonly start: number;
  /** Where its bytes begin. */
  readonly at: number;
  /** Where they end. */
  readonly end: number;
}

/** What was found in MessagePack. */
export interface MessagePackScan {
  /** Whether the rows are the items of one array, and not one value after the other. */
  readonly isArray: boolean;
  /** Whether a key is `__proto__`. */
  readonly hasProto: boolean;
  /** Long texts, no keys, that begin with a byte-order mark. */
  readonly bomTexts: readonly FoundText[];
}

/** Longer texts are decoded by `TextDecoder` in npm:@msgpack/msgpack, shorter ones by itself. */
const SHORT_TEXT_BYTES = 200;
const MAX_NANOSECONDS = 999_999_999;
const TIMESTAMP = -1;
const WRITE_AGAIN = "the bytes are damaged or no MessagePack: write them again";
const CUT_SHORT = "they were cut short: pass the whole message";
const PROTO = new TextEncoder().encode("__proto__");

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes of the values of fixed size from 0xca on: floats, unsigned and signed integers. */
const NUMBER_BYTES = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

type Kind =
  | "map"
  | "array"
  | "text"
  | "bytes"
  | "extension"
  | "nil"
  | "boolean"
  | "number"
  | "unused";

/**
 * Walks over values once, before anything is made of them: afterwards every length in them is
 * known to be true and within the limits.
 */
class Scanner {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: MessagePackLimits;
  /** How many values are still to come at each level; of a map twice its entries. */
  readonly #left: number[] = [];
  readonly #isMap: boolean[] = [];
  readonly bomTexts: FoundText[] = [];
  hasProto = false;
  at = 0;

  constructor(bytes: Uint8Array, limits: MessagePackLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  get atEnd(): boolean {
    return this.at === this.#bytes.length;
  }

  /** Which kind of value comes next. */
  kind(): Kind {
    const tag = this.#bytes[this.at];
    if (tag >= 0x80 && tag < 0x90 || tag === 0xde || tag === 0xdf) return "map";
    if (tag >= 0x90 && tag < 0xa0 || tag === 0xdc || tag === 0xdd) return "array";
    if (tag >= 0xa0 && tag < 0xc0 || tag >= 0xd9 && tag <= 0xdb) return "text";
    if (tag >= 0xc4 && tag <= 0xc6) return "bytes";
    if (tag >= 0xc7 && tag <= 0xc9 || tag >= 0xd4 && tag <= 0xd8) return "extension";
    if (tag === 0xc0) return "nil";
    // The one byte that no value begins with.
    if (tag === 0xc1) return "unused";
    return tag === 0xc2 || tag === 0xc3 ? "boolean" : "number";
  }

  /** Passes a value with all that is within it, which must be a map: a row. */
  row(row: number): void {
    if (this.atEnd) throw this.#cut(this.at);
    if (this.kind() !== "map") {
      const kind = this.kind() === "unused" ? "c1, which begins no value" : this.kind();
      throw new MessagePackError(`row ${row} must be a map, received ${kind}`, {
        offset: this.at,
        fix: "write each row as a map from column names to values",
      });
    }
    this.#value(false);
    while (this.#left.length > 0) this.#next();
  }

  /** Passes the head of an array, and tells how many items it has. */
  arrayHead(): number {
    return this.#count(0x90, 0xdc, 1);
  }

  #next(): void {
    const top = this.#left.length - 1;
    const left = this.#left[top];
    if (left === 0) {
      this.#left.pop();
      this.#isMap.pop();
      return;
    }
    this.#left[top] = left - 1;
    if (this.atEnd) throw this.#cut(this.at);
    this.#value(this.#isMap[top] && left % 2 === 0);
  }

  #value(isKey: boolean): void {
    const kind = this.kind();
    if (isKey && kind !== "text") {
      const fix = "write maps with texts as keys";
      throw new MessagePackError("a key is no text", { offset: this.at, fix });
    }
    if (kind === "map") return this.#open(2 * this.#count(0x80, 0xde, 2), true);
    if (kind === "array") return this.#open(this.#count(0x90, 0xdc, 1), false);
    if (kind === "text") return this.#text(isKey);
    if (kind === "bytes") return this.#pass(this.#length(this.#bytes[this.at] - 0xc4));
    if (kind === "extension") return this.#extension();
    this.#plain();
  }

  #open(values: number, isMap: boolean): void {
    const { maxDepth } = this.#limits;
    if (this.#left.length === maxDepth) {
      throw new MessagePackError(`values are nested deeper than maxDepth (${maxDepth}) levels`, {
        offset: this.at,
        fix: "flatten the rows, or raise maxDepth",
      });
    }
    this.#left.push(values);
    this.#isMap.push(isMap);
  }

  /** Passes the head of an array or map of items that take so many bytes at least. */
  #count(fix: number, wide: number, itemBytes: number): number {
    const start = this.at;
    const tag = this.#bytes[this.at++];
    const count = tag < 0xa0 ? tag - fix : this.#unsigned(tag === wide ? 2 : 4);
    const { maxItems } = this.#limits;
    if (count > maxItems) {
      throw new MessagePackError(`${count} items are more than maxItems (${maxItems})`, {
        offset: start,
        fix: "write fewer into one message, or raise maxItems",
      });
    }
    if (count * itemBytes > this.#bytes.length - this.at) throw this.#cut(start);
    return count;
  }

  /** Passes a tag and a length of 1, 2 or 4 bytes behind it. */
  #length(power: number): number {
    this.at++;
    return this.#unsigned(1 << power);
  }

  #unsigned(bytes: number): number {
    const at = this.at;
    if (at + bytes > this.#bytes.length) throw this.#cut(at);
    this.at += bytes;
    if (bytes === 1) return this.#bytes[at];
    return bytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #pass(bytes: number): void {
    const { maxValueBytes } = this.#limits;
    if (bytes > maxValueBytes) {
      const reason = `a value of ${bytes} bytes is larger than maxValueBytes (${maxValueBytes})`;
      throw new MessagePackError(reason, { offset: this.at, fix: "raise maxValueBytes" });
    }
    if (this.at + bytes > this.#bytes.length) throw this.#cut(this.at);
    this.at += bytes;
  }

  #text(isKey: boolean): void {
    const start = this.at;
    const tag = this.#bytes[start];
    if (tag < 0xc0) this.at++;
    const length = tag < 0xc0 ? tag - 0xa0 : this.#length(tag - 0xd9);
    const at = this.at;
    this.#pass(length);
    this.#checkUtf8(at);
    if (isKey) this.hasProto ||= length === PROTO.length && this.#isProto(at);
    else if (length > SHORT_TEXT_BYTES) this.#noteBom({ start, at, end: this.at });
  }

  #isProto(at: number): boolean {
    return PROTO.every((byte, i) => byte === this.#bytes[at + i]);
  }

  #noteBom(text: FoundText): void {
    if (BOM.every((byte, i) => byte === this.#bytes[text.at + i])) this.bomTexts.push(text);
  }

  /** Checks the text from a position to where it is. */
  #checkUtf8(offset: number): void {
    const bytes = this.#bytes;
    let at = offset;
    while (at < this.at && bytes[at] < 0x80) at++;
    if (at === this.at) return;
    try {
      strict.decode(bytes.subarray(offset, this.at));
    } catch {
      const fix = "write texts as UTF-8, and bytes as the type bin";
      throw new MessagePackError("a text is not valid UTF-8", { offset, fix });
    }
  }

  #extension(): void {
    const start = this.at;
    const tag = this.#bytes[start];
    const isFixed = tag >= 0xd4;
    if (isFixed) this.at++;
    const length = isFixed ? 1 << tag - 0xd4 : this.#length(tag - 0xc7);
    this.#pass(1 + length);
    const type = this.#view.getInt8(this.at - length - 1);
    if (type !== TIMESTAMP) {
      const fix = "write it as a map, text or bytes";
      throw new MessagePackError(`the extension type ${type} is not known`, { offset: start, fix });
    }
    const isWhole = length === 4 || length === 8 || length === 12;
    const nanoseconds = length === 4 || !isWhole ? 0 : this.#view.getUint32(this.at - length);
    const fraction = length === 8 ? nanoseconds >>> 2 : nanoseconds;
    if (isWhole && fraction <= MAX_NANOSECONDS) return;
    const reason = `a timestamp of ${length} bytes and ${fraction} nanoseconds is none`;
    throw new MessagePackError(reason, { offset: start, fix: WRITE_AGAIN });
  }

  #plain(): void {
    const offset = this.at;
    const tag = this.#bytes[this.at++];
    if (tag === 0xc1) {
      throw new MessagePackError("0xc1 begins no value", { offset, fix: WRITE_AGAIN });
    }
    if (tag >= 0xca && tag <= 0xd3) this.#pass(NUMBER_BYTES[tag - 0xca]);
  }

  #cut(offset: number): MessagePackError {
    return new MessagePackError("the bytes end within a value", { offset, fix: CUT_SHORT });
  }
}

/**
 * Looks through MessagePack for rows: an array of maps, or maps one after the other.
 *
 * @throws {MessagePackError} when they are something else, damaged, or beyond a limit.
 */
export function scanMessagePack(bytes: Uint8Array, limits: MessagePackLimits): MessagePackScan {
  const scanner = new Scanner(bytes, limits);
  const isArray = !scanner.atEnd && scanner.kind() === "array";
  if (isArray) {
    const rows = scanner.arrayHead();
    for (let row = 0; row < rows; row++) scanner.row(row);
    if (!scanner.atEnd) {
      const fix = "pass one message, or rows without an array around them";
      throw new MessagePackError("more bytes follow the array", { offset: scanner.at, fix });
    }
  } else {
    for (let row = 0; !scanner.atEnd; row++) scanner.row(row);
  }
  const { hasProto, bomTexts } = scanner;
  return { isArray, hasProto, bomTexts };
}
