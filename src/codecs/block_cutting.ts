import type { RecordCutter } from "./block_decoder.ts";
import { ByteOrderMark } from "./byte_order_mark.ts";
import { CR, FoundRecords, LF, LineScanner, type RecordScanner } from "./record_scanner.ts";

/** Room before the bytes of a roomy chunk, for what is left of the one before, at most. */
const MOST_ROOM_BYTES = 65_536;
/** Which share of a block that is, where blocks are small. */
const ROOM_SHARE = 4;
/** Bytes before roomy chunks, by where they begin in what they lie in. */
const rooms = new WeakMap<ArrayBufferLike, Map<number, number>>();

/**
 * Memory for the next bytes of an input, with room before them: a block can be made of them, and of
 * what is left of those before, without copying them. They belong to who cuts them.
 *
 * @param block Memory for the whole block.
 */
export function roomyChunk(block: Uint8Array): Uint8Array {
  const room = Math.min(MOST_ROOM_BYTES, Math.floor(block.length / ROOM_SHARE));
  const chunk = block.subarray(room);
  const places = rooms.get(block.buffer) ?? new Map<number, number>();
  rooms.set(block.buffer, places.set(chunk.byteOffset, room));
  return chunk;
}

/** Bytes of whole records, as they were cut from an input. */
export interface CutBlock {
  readonly bytes: Uint8Array;
  /** Where they begin in the input. */
  readonly offset: number;
  /**
   * Its physical lines, where they are more than can be seen: only the beginning of its one record
   * was kept, which was too large.
   */
  readonly linesOfAll?: number;
}

/** Options of {@linkcode BlockCutting}. */
export interface BlockCuttingOptions {
  readonly cutter: RecordCutter;
  /** Finds where a record ends that is not kept; at the start of one. */
  readonly scanner: () => RecordScanner;
  /** Bytes of a block, at most, unless a record and its line end take more. */
  readonly blockBytes: number;
  /** Bytes that these may take; memory for more than a block is taken when they do. Default: a block. */
  readonly mostBytes?: number;
  /** Told of chunks in which no block lies. Default: nobody wants to know. */
  readonly release?: (chunk: Uint8Array) => void;
}

/** A record of which only the beginning was kept, until it has ended. */
interface TooLarge {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly scanner: RecordScanner;
  /** Its physical lines, once it has ended. */
  lines?: number;
}

/** Cuts the bytes of an input, which come in pieces cut anywhere, into blocks of whole records. */
export class BlockCutting {
  readonly #options: BlockCuttingOptions;
  #bytes: Uint8Array;
  #filled = 0;
  /** First bytes that were looked at in vain. */
  #seen = 0;
  #offset = 0;
  readonly #mark = new ByteOrderMark();
  #tooLarge: TooLarge | undefined;
  /** Whether a line feed that comes next belongs to what was passed over. */
  #passesLf = false;
  #cutsInPlace = false;

  /** Cuts an input from its start. */
  constructor(options: BlockCuttingOptions) {
    this.#options = options;
    this.#bytes = new Uint8Array(options.blockBytes);
  }

  /** Whether the last chunk has become a block where it lay. */
  get cutsInPlace(): boolean {
    return this.#cutsInPlace;
  }

  /** Takes bytes in; gives the blocks that are full with them. */
  *push(chunk: Uint8Array): Generator<CutBlock> {
    const [held, bytes] = this.#mark.pass(chunk);
    this.#offset = Math.max(this.#offset, this.#mark.length);
    yield* this.#copy(held);
    const block = this.#inPlace(bytes);
    this.#cutsInPlace = block !== undefined;
    if (block) return yield block;
    yield* this.#copy(bytes);
    this.#options.release?.(chunk);
  }

  *#copy(chunk: Uint8Array): Generator<CutBlock> {
    for (let at = 0; at < chunk.length;) {
      if (this.#tooLarge) {
        at += this.#pass(chunk.subarray(at), this.#tooLarge);
        if (this.#tooLarge.lines === undefined || at === chunk.length) continue;
        if (this.#passesLf && chunk[at] === LF) at += this.#skip(1);
        yield this.#ended(this.#tooLarge);
        continue;
      }
      const piece = chunk.subarray(at, at + this.#bytes.length - this.#filled);
      this.#bytes.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled < this.#bytes.length) break;
      yield* this.#cut();
    }
  }

  /** A block of bytes that lie where they were read; `undefined`: they have to be copied. */
  #inPlace(chunk: Uint8Array): CutBlock | undefined {
    const filled = this.#filled;
    const length = filled + chunk.length;
    const room = rooms.get(chunk.buffer)?.get(chunk.byteOffset) ?? -1;
    const fits = filled <= room && length <= this.#bytes.length &&
      2 * length > this.#bytes.length;
    if (!fits || this.#tooLarge) return undefined;
    const whole = new Uint8Array(chunk.buffer, chunk.byteOffset - filled, length);
    whole.set(this.#bytes.subarray(0, filled));
    const end = this.#options.cutter.cut(whole, this.#seen);
    // The same bytes are looked at again, with those that come.
    this.#seen = 0;
    if (end === 0) return undefined;
    this.#filled = length - end;
    this.#bytes.set(whole.subarray(end));
    const offset = this.#offset;
    this.#offset += end;
    return { bytes: whole.subarray(0, end), offset };
  }

  /** What is whole now, though the block is not full: more lets wait for itself. */
  *flush(): Generator<CutBlock> {
    if (this.#filled > 0 && !this.#tooLarge) yield* this.#cut();
  }

  /** What is left; its last record may lack its line end. */
  *finish(): Generator<CutBlock> {
    yield* this.#copy(this.#mark.finish());
    if (this.#tooLarge) yield this.#ended(this.#tooLarge);
    if (this.#filled > 0) yield this.#block(this.#filled);
  }

  *#cut(): Generator<CutBlock> {
    const whole = this.#bytes.subarray(0, this.#filled);
    const end = this.#options.cutter.cut(whole, this.#seen);
    this.#seen = end > 0 ? 0 : this.#filled;
    if (end > 0) yield this.#block(end);
    else if (this.#filled === this.#bytes.length) this.#grow();
  }

  /** Nothing is whole yet: more memory is taken, if the record may be larger. */
  #grow(): void {
    const { blockBytes, mostBytes = blockBytes } = this.#options;
    if (this.#filled >= mostBytes) return this.#begin();
    const grown = new Uint8Array(Math.min(mostBytes, 2 * this.#filled));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  #skip(bytes: number): number {
    this.#offset += bytes;
    return bytes;
  }

  #block(end: number): CutBlock {
    const bytes = this.#bytes.subarray(0, end);
    const rest = this.#bytes.subarray(end, this.#filled);
    this.#bytes = new Uint8Array(Math.max(this.#options.blockBytes, rest.length));
    this.#bytes.set(rest);
    this.#filled = rest.length;
    const offset = this.#offset;
    this.#offset += end;
    return { bytes, offset };
  }

  /** The record is larger than a block: its beginning is kept, the rest is passed over. */
  #begin(): void {
    const { bytes, offset } = this.#block(this.#filled);
    this.#seen = 0;
    const scanner = this.#options.scanner();
    const found = new FoundRecords();
    scanner.scan(bytes, { from: 0, to: bytes.length }, found);
    // A comment leaves nothing behind that could be a record.
    const isComment = found.ends.length === 0 && scanner.start === bytes.length;
    this.#tooLarge = { bytes, offset, scanner: isComment ? new LineScanner() : scanner };
    this.#passesLf = bytes.at(-1) === CR;
    if (found.ends.length > 0) this.#tooLarge.lines = scanner.line - 1;
  }

  /** Passes over bytes of a record; gives how many. */
  #pass(bytes: Uint8Array, tooLarge: TooLarge): number {
    if (tooLarge.lines !== undefined) return 0;
    const { scanner } = tooLarge;
    const found = new FoundRecords();
    scanner.start = 0;
    for (let at = 0; at < bytes.length;) {
      // No further than it must: lines behind the record are not its own.
      const to = afterLineEnd(bytes, at);
      scanner.scan(bytes, { from: at, to }, found);
      at = to;
      if (found.ends.length === 0) continue;
      tooLarge.lines = scanner.line - 1;
      this.#passesLf = bytes[to - 1] === CR;
      return this.#skip(to);
    }
    return this.#skip(bytes.length);
  }

  #ended({ bytes, offset, lines = 1 }: TooLarge): CutBlock {
    this.#tooLarge = undefined;
    return { bytes, offset, linesOfAll: lines };
  }
}

/** Where the first line end from a byte on has ended, be it half of one. */
function afterLineEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === LF || bytes[at] === CR) return at + 1;
  }
  return bytes.length;
}
