import { concatBytes } from "../../batch/concat_bytes.ts";
import type { OpenFile } from "../../runtime/runtime.ts";
import { FileSourceError } from "../byte_input.ts";

const READ_BYTES = 1_048_576;
const SCAN_BYTES = 65_536;
const LINE_END = 0x0a;
const END_OF_LINE = new Uint8Array([LINE_END]);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Which of several files was the first to give lines: its head stands for that of all. */
export interface FirstFile {
  file?: FollowedFile;
}

/** What a {@linkcode FollowedFile} is made of. */
export interface FollowedFileOptions {
  /** For messages: it may get other names. */
  readonly path: string;
  /** Lines at its start that are left out, as a byte order mark is, unless it is the first. */
  readonly headerLines: number;
  /** Of all files together. */
  readonly first: FirstFile;
  /** The most bytes of a line. */
  readonly maxLineBytes: number;
}

/** A file that grows, and gives the lines that are whole. */
export class FollowedFile {
  readonly path: string;
  readonly #maxLineBytes: number;
  #handle: OpenFile | undefined;
  #position = 0;
  readonly #first: FirstFile;
  #headerLines: number;
  #leavesMark = true;
  /** The beginning of a line whose end has not come. */
  #partial: Uint8Array[] = [];
  #partialBytes = 0;

  constructor({ path, headerLines, first, maxLineBytes }: FollowedFileOptions) {
    this.path = path;
    this.#headerLines = headerLines;
    this.#first = first;
    this.#maxLineBytes = maxLineBytes;
  }

  /** Whether it can be read without its name. */
  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  /** Up to where it was read. */
  get position(): number {
    return this.#position;
  }

  /** Goes on reading by a handle. */
  async open(handle: OpenFile): Promise<void> {
    this.#handle = handle;
    if (this.#position > 0) await handle.seek(this.#position);
  }

  /** Leaves the handle, but knows how far it was read. */
  close(): void {
    this.#handle?.close();
    this.#handle = undefined;
  }

  /** Whole lines up to the end that it has now. */
  async *lines(): AsyncGenerator<Uint8Array, void, undefined> {
    const into = new Uint8Array(READ_BYTES);
    while (this.#handle) {
      const count = await this.#handle.read(into);
      if (count === null) return;
      this.#position += count;
      const whole = this.#whole(into.slice(0, count));
      if (whole && whole.length > 0) yield whole;
    }
  }

  /** A line that has no end yet, as if it had; nothing more will come of it. */
  rest(): Uint8Array | undefined {
    const bytes = concatBytes([...this.#partial, END_OF_LINE]);
    this.#partial = [];
    this.#partialBytes = 0;
    if (bytes.length === 1) return undefined;
    const line = this.#withoutHead(bytes);
    return line.length > 0 ? line : undefined;
  }

  /** Begins again with what was written over it. */
  async restart(options: Pick<FollowedFileOptions, "headerLines">): Promise<void> {
    this.#position = 0;
    this.#headerLines = options.headerLines;
    this.#leavesMark = true;
    await this.#handle?.seek(0);
  }

  /** Goes to the last line that has begun, past all before; the first gives the lines of its head. */
  async *skipToLastLine(sizeBytes: number): AsyncGenerator<Uint8Array> {
    if (!this.#handle) return;
    const head = await firstLinesOf(this.#handle, this.#headerLines);
    const isWhole = this.#headerLines === 0 || head.length > 0;
    if (isWhole) {
      const own = this.#withoutHead(head);
      if (own.length > 0) yield own;
      this.#position = Math.max(head.length, await lastLineStart(this.#handle, sizeBytes));
    }
    if (this.#position > 0) this.#leavesMark = false;
    await this.#handle.seek(this.#position);
  }

  /** What stands before the last end of a line, with what was held before. */
  #whole(chunk: Uint8Array): Uint8Array | undefined {
    const end = chunk.lastIndexOf(LINE_END) + 1;
    if (end === 0) return void this.#hold(chunk);
    const whole = concatBytes([...this.#partial, chunk.subarray(0, end)]);
    this.#partial = [];
    this.#partialBytes = 0;
    this.#hold(chunk.subarray(end));
    return this.#withoutHead(whole);
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#partial.push(bytes.slice()); // what it is cut from need not be kept
    this.#partialBytes += bytes.length;
    if (this.#partialBytes <= this.#maxLineBytes) return;
    throw new FileSourceError(
      `Cannot follow ${this.path}: it has more than ${this.#maxLineBytes} bytes without the end of a ` +
        `line; only text of lines can be followed; raise maxLineBytes if lines are that long`,
    );
  }

  #withoutHead(lines: Uint8Array): Uint8Array {
    if (lines.length === 0) return lines;
    if (!this.#first.file) {
      this.#first.file = this;
      this.#headerLines = 0;
      this.#leavesMark = false;
    }
    const isMarked = this.#leavesMark && BYTE_ORDER_MARK.every((byte, at) => lines[at] === byte);
    let from = isMarked ? BYTE_ORDER_MARK.length : 0;
    this.#leavesMark = false;
    for (; this.#headerLines > 0 && from < lines.length; this.#headerLines--) {
      from = lines.indexOf(LINE_END, from) + 1;
    }
    return lines.subarray(from);
  }
}

/** The lines at the start of a file, as far as they have ends. */
async function firstLinesOf(handle: OpenFile, lines: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let left = lines; left > 0;) {
    const into = new Uint8Array(SCAN_BYTES);
    const count = await handle.read(into);
    if (count === null) return new Uint8Array();
    let end = 0;
    while (left > 0 && end < count) {
      const found = into.subarray(0, count).indexOf(LINE_END, end);
      end = found < 0 ? count : found + 1;
      if (found >= 0) left--;
    }
    chunks.push(into.subarray(0, end));
  }
  return concatBytes(chunks);
}

/** Where the last line begins that begins before a byte. */
async function lastLineStart(handle: OpenFile, sizeBytes: number): Promise<number> {
  const into = new Uint8Array(SCAN_BYTES);
  for (let from = sizeBytes; from > 0;) {
    const end = from;
    from = Math.max(0, from - SCAN_BYTES);
    await handle.seek(from);
    let length = 0;
    while (length < end - from) {
      const count = await handle.read(into.subarray(length, end - from));
      if (count === null) break;
      length += count;
    }
    const found = into.subarray(0, length).lastIndexOf(LINE_END);
    if (found >= 0) return from + found + 1;
  }
  return 0;
}
