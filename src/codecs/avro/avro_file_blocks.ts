import { AvroCursor } from "./avro_cursor.ts";
import {
  type AvroFileFault,
  AvroFileFaultError,
  COPY_AGAIN,
  CUT_SHORT,
} from "./avro_file_fault.ts";
import { type AvroFileHeader, readAvroFileHeader, SYNC_BYTES } from "./avro_file_header.ts";

const FIRST_CAPACITY = 65_536;
/** By how much a header must have grown to be looked at again. */
const HEADER_GROWTH = 17 / 16;

/** How large parts of an Avro file may be. */
export interface AvroFileLimits {
  readonly maxHeaderBytes: number;
  readonly maxBlockBytes: number;
}

/** Records of an Avro file, compressed together. */
export interface AvroFileBlock {
  /** How many records it says it has. */
  readonly records: number;
  /** Them as they stand in the file, a view. */
  readonly bytes: Uint8Array;
  /** Where the block begins in the file. */
  readonly offset: number;
  /** Where it ends in what it was read from, its sync marker included. */
  readonly end: number;
}

/** What comes next in a file. */
export type AvroFilePart =
  | { readonly state: "block"; readonly block: AvroFileBlock }
  | { readonly state: "bad"; readonly fault: AvroFileFault }
  | { readonly state: "more" };

const MORE: AvroFilePart = { state: "more" };

function bad(reason: string, offset: number, fix: string = COPY_AGAIN): AvroFilePart {
  return { state: "bad", fault: { reason, offset, fix } };
}

function hasMarker(bytes: Uint8Array, at: number, sync: Uint8Array): boolean {
  return sync.every((byte, i) => bytes[at + i] === byte);
}

/** Where a marker stands at or behind a position; -1 when it does not. */
function findMarker(bytes: Uint8Array, from: number, sync: Uint8Array): number {
  for (let at = bytes.indexOf(sync[0], from); at >= 0; at = bytes.indexOf(sync[0], at + 1)) {
    if (at + SYNC_BYTES > bytes.length) return -1;
    if (hasMarker(bytes, at, sync)) return at;
  }
  return -1;
}

/**
 * Reads the block that begins at a position.
 *
 * @param offset Where that is in the file.
 */
function readAvroFileBlock(
  bytes: Uint8Array,
  at: number,
  { sync, offset, maxBlockBytes }: {
    readonly sync: Uint8Array;
    readonly offset: number;
    readonly maxBlockBytes: number;
  },
): AvroFilePart {
  const cursor = new AvroCursor(bytes, at);
  const records = cursor.long();
  const sizeAt = cursor.at;
  const size = cursor.long();
  if (cursor.isOverlong) return bad("a block begins with no number", offset);
  if (cursor.isShort) return MORE;
  if (records < 0) return bad(`a block says that it has ${records} records`, offset);
  const where = offset + sizeAt - at;
  if (size < 0) return bad(`a block says that it has ${size} bytes`, where);
  if (size > maxBlockBytes) {
    const reason =
      `a block says that it has ${size} bytes, more than maxBlockBytes (${maxBlockBytes})`;
    return bad(reason, where, "raise maxBlockBytes if the file is to be trusted");
  }
  const data = cursor.at;
  const end = data + size + SYNC_BYTES;
  if (end > bytes.length) return MORE;
  if (!hasMarker(bytes, data + size, sync)) {
    return bad("the sync marker behind a block is not that of the file", offset + data + size - at);
  }
  const block = { records, bytes: bytes.subarray(data, data + size), offset, end };
  return { state: "block", block };
}

/** Cuts an Avro file that comes in chunks into its header and its blocks. */
export class AvroFileBlocks {
  readonly #limits: AvroFileLimits;
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #start = 0;
  #end = 0;
  #offset = 0;
  /** Whether blocks are passed over up to the next sync marker. */
  #isLost = false;
  #header: AvroFileHeader | undefined;
  /** How many bytes there were when the header was looked at. */
  #triedBytes = 0;

  /** A file that has not begun. */
  constructor(limits: AvroFileLimits) {
    this.#limits = limits;
  }

  /** The header, as soon as all of it has come. */
  get header(): AvroFileHeader | undefined {
    return this.#header;
  }

  /** Takes a chunk, which may be changed afterwards; blocks that were given are no more valid. */
  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #makeRoom(more: number): void {
    const kept = this.#bytes.subarray(this.#start, this.#end);
    const needed = kept.length + more;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, needed));
      grown.set(kept);
      this.#bytes = grown;
    } else this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#end = kept.length;
    this.#start = 0;
  }

  /**
   * The next block, or what is wrong with it: then it goes on behind the next sync marker.
   *
   * @throws {AvroFileFaultError} when the header cannot be used.
   */
  next(): AvroFilePart {
    const bytes = this.#bytes.subarray(0, this.#end);
    this.#header ??= this.#readHeader(bytes);
    if (this.#header === undefined) return MORE;
    if (this.#isLost && !this.#findWay(bytes, this.#header.sync)) return MORE;
    if (this.#start === this.#end) return MORE;
    const part = readAvroFileBlock(bytes, this.#start, {
      sync: this.#header.sync,
      offset: this.#offset,
      maxBlockBytes: this.#limits.maxBlockBytes,
    });
    if (part.state === "block") this.#pass(part.block.end - this.#start);
    if (part.state === "bad") this.#isLost = true;
    return part;
  }

  /** Says that no more comes, so that a header is looked at once more. */
  close(): void {
    this.#triedBytes = 0;
  }

  #readHeader(bytes: Uint8Array): AvroFileHeader | undefined {
    const size = this.#end - this.#start;
    // not for every byte of a large one
    if (size === 0 || size < this.#triedBytes * HEADER_GROWTH) return undefined;
    this.#triedBytes = size;
    const { maxHeaderBytes } = this.#limits;
    const header = readAvroFileHeader(bytes.subarray(this.#start), maxHeaderBytes);
    if (header) this.#pass(header.sizeBytes);
    return header;
  }

  #findWay(bytes: Uint8Array, sync: Uint8Array): boolean {
    const found = findMarker(bytes, this.#start, sync);
    this.#isLost = found < 0;
    const kept = Math.max(this.#start, this.#end - SYNC_BYTES + 1);
    this.#pass((this.#isLost ? kept : found + SYNC_BYTES) - this.#start);
    return !this.#isLost;
  }

  #pass(count: number): void {
    this.#start += count;
    this.#offset += count;
  }

  /**
   * What is wrong with the end of the file, after the last part. Blocks may still follow: where one
   * says that it is longer than the file, it goes on behind the next sync marker.
   *
   * @throws {AvroFileFaultError} when not even the header has come.
   */
  finish(): AvroFileFault | undefined {
    const offset = this.#offset + this.#end - this.#start;
    if (this.#header === undefined) {
      const reason = offset === 0 ? "it is no Avro file: it is empty" : "it ends within its header";
      throw new AvroFileFaultError({ reason, offset, fix: CUT_SHORT });
    }
    if (this.#isLost || this.#start === this.#end) return undefined;
    this.#isLost = true;
    return { reason: "the file ends within a block", offset, fix: CUT_SHORT };
  }
}
