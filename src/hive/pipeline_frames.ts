import type { RowCounts } from "./row_counts.ts";

/** Bytes before the body of a message: four words and six doubles. */
export const MESSAGE_HEADER_BYTES = 64;

const DOUBLES_AT = 2;

/** What a message between a pipeline and its bees, or between two bees, is. */
export const MessageKind = {
  /** To a bee: a batch, as a frame. */
  work: 1,
  /** To a bee, and from bee to bee: everything before has been sent. */
  barrier: 2,
  /** To a bee: there is no more work. */
  end: 3,
  /** From bee to bee: partial results, a piece of a delta. */
  delta: 4,
  /** From bee to bee: rows of a batch for their owner. */
  rows: 5,
  /** To the pipeline: what became of the rows of a batch. */
  outcome: 6,
  /** To the pipeline: rows that leave. */
  result: 7,
  /** To the pipeline: all windows up to a watermark are closed and sent. */
  passed: 8,
  /** To the pipeline: a piece of an owner's state at a barrier. */
  snapshot: 9,
  /** To the pipeline: nothing more will come. */
  done: 10,
  /** To the pipeline: the bee cannot go on, and no other could. */
  fatal: 11,
  /** From bee to bee: all rows of a batch for their owner have been sent. */
  covered: 12,
  /** To the pipeline: what became of an owner's rows of a batch, whose results were all sent. */
  judged: 13,
  /** To the pipeline: which columns the rows of functions have. */
  learned: 14,
  /** To the pipeline: rows that an owner has taken in for each of several kinds of windows. */
  kindRows: 15,
  /**
   * To a bee: whole records as bytes, which it decodes itself. `position` is their place in the
   * input, `count` how many blocks before are not in `watermark`.
   */
  block: 16,
} as const;

/** Bits of a message's flags. */
export const MessageFlag = {
  /** Another piece of the same follows. */
  more: 1,
  /** A bee was lost over this batch: its rows are taken one by one. */
  suspect: 2,
  /** Before the bytes of this block stand rows that are to be left out: their number, then each. */
  leftOut: 4,
  /** Nothing is left of this block but its greatest time, in the place of `cap`. */
  givenUp: 8,
  /** The bytes of this block lie in the memory of all bees; where, stands in their place. */
  placed: 16,
  /** Before all else of this block stands its source partition, with the times of all of them. */
  partitioned: 32,
  /** This block has no bytes: its partition begins, and holds the watermark back where it is. */
  begins: 64,
  /** This block has no bytes: its partition has ended, and holds the watermark back no longer. */
  ends: 128,
} as const;

/** The header of a message; fields that a kind does not use are 0. */
export interface MessageHeader {
  readonly kind: number;
  /** How many bees had been lost when it was sent; older ones are void. */
  readonly generation: number;
  readonly flags: number;
  /**
   * Entries before the rest of the body, the source partition of `work` and `rows`, or which kind of
   * windows a `result` is of.
   */
  readonly count: number;
  /** Number of the batch, or of the first batch after a barrier or the end. */
  readonly sequence: number;
  /** Position of the first row in its source partition. */
  readonly position: number;
  /** Watermark before the first row, or that which was passed, ms. */
  readonly watermark: number;
  /** Watermark after the last row, ms. */
  readonly watermarkAfter: number;
  /**
   * What other source partitions hold the watermark down to, ms; `Infinity`: nothing. Of `judged`
   * the event time before which no open window has a row; `NaN`: that is not told.
   */
  readonly cap: number;
  /** Rows, or bytes in all, or a time by the clock of the pipeline, ms. */
  readonly amount: number;
}

const EMPTY: MessageHeader = {
  kind: 0,
  generation: 0,
  flags: 0,
  count: 0,
  sequence: 0,
  position: 0,
  watermark: 0,
  watermarkAfter: 0,
  cap: 0,
  amount: 0,
};

/** A header with what is given, and zeros. */
export function message(given: Partial<MessageHeader>): MessageHeader {
  return { ...EMPTY, ...given };
}

/** Writes a header to the start of a frame, which starts at a multiple of 8 bytes. */
export function writeMessageHeader(frame: Uint8Array, header: MessageHeader): void {
  const words = new Int32Array(frame.buffer, frame.byteOffset, 2 * DOUBLES_AT);
  words[0] = header.kind;
  words[1] = header.generation;
  words[2] = header.flags;
  words[3] = header.count;
  const doubles = new Float64Array(frame.buffer, frame.byteOffset, MESSAGE_HEADER_BYTES / 8);
  doubles[DOUBLES_AT] = header.sequence;
  doubles[DOUBLES_AT + 1] = header.position;
  doubles[DOUBLES_AT + 2] = header.watermark;
  doubles[DOUBLES_AT + 3] = header.watermarkAfter;
  doubles[DOUBLES_AT + 4] = header.cap;
  doubles[DOUBLES_AT + 5] = header.amount;
}

/** Reads the header at the start of a frame. */
export function readMessageHeader(frame: Uint8Array): MessageHeader {
  const words = new Int32Array(frame.buffer, frame.byteOffset, 2 * DOUBLES_AT);
  const doubles = new Float64Array(frame.buffer, frame.byteOffset, MESSAGE_HEADER_BYTES / 8);
  return {
    kind: words[0],
    generation: words[1],
    flags: words[2],
    count: words[3],
    sequence: doubles[DOUBLES_AT],
    position: doubles[DOUBLES_AT + 1],
    watermark: doubles[DOUBLES_AT + 2],
    watermarkAfter: doubles[DOUBLES_AT + 3],
    cap: doubles[DOUBLES_AT + 4],
    amount: doubles[DOUBLES_AT + 5],
  };
}

/** What follows the header. */
export function messageBody(frame: Uint8Array): Uint8Array {
  return frame.subarray(MESSAGE_HEADER_BYTES);
}

/** A row that an expression has no value for, or a function failed for. */
export interface BadRow {
  /** Its place in the batch. */
  readonly row: number;
  readonly message: string;
  /** Of its error. Default `"RangeError"`. */
  readonly name?: string;
}

/** What became of the rows of a batch for one of several kinds of windows that share slices. */
export interface KindShare {
  /** Rows that went on to its windows. */
  readonly absorbed: number;
  /** Rows that a filter left out, or that lie between its windows. */
  readonly filtered: number;
  /** Rows whose windows of this kind were all closed. */
  readonly late: number;
  /** Rows without a usable event time. */
  readonly untimed: number;
  /** Places of these in the batch, ascending, where they are to go aside. */
  readonly lateRows: readonly number[];
}

/** Adds what became of rows that start so many behind those before, by kind of windows. */
export function addKinds(
  before: readonly KindShare[] | undefined,
  more: readonly KindShare[] | undefined,
  from: number,
): readonly KindShare[] | undefined {
  return more?.map(({ absorbed, filtered, late, untimed, lateRows }, kind) => ({
    absorbed: absorbed + (before?.[kind].absorbed ?? 0),
    filtered: filtered + (before?.[kind].filtered ?? 0),
    late: late + (before?.[kind].late ?? 0),
    untimed: untimed + (before?.[kind].untimed ?? 0),
    lateRows: [...before?.[kind].lateRows ?? [], ...lateRows.map((row) => row + from)],
  }));
}

/** What was found in a block of bytes. */
export interface BlockShare {
  /** Records, those included that could not be decoded. */
  readonly records: number;
  /** Records that became rows. */
  readonly rows: number;
  /** Records that could not be decoded. */
  readonly undecoded: number;
  /** Physical lines. */
  readonly lines: number;
  /** The greatest usable event time, ms; `-Infinity` without one. */
  readonly greatest: number;
}

/** What became of a batch. */
export interface Outcome {
  readonly counts: RowCounts;
  /** Rows for which an expression has no value. */
  readonly bad: readonly BadRow[];
  /** Places of the late rows in the batch, where they are to go aside. */
  readonly late: readonly number[];
  /** The same for each kind of windows, where several share slices; a row may count for some. */
  readonly kinds?: readonly KindShare[];
  /** Of a block of bytes: what was in it; rows are told by their places among its rows. */
  readonly block?: BlockShare;
}

const COUNT_BYTES = 120;
const KIND_BYTES = 40;
const MESSAGE_CHARACTERS = 512;
const NO_MESSAGE = "Cannot process row: an expression has no value for it, as for others before it";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What became of a batch as bytes, with as many messages of bad rows as there is room for. */
export function outcomeBytes(outcome: Outcome, maxBytes: number): Uint8Array {
  const { counts, bad, late, kinds = [] } = outcome;
  const inOrder = bad.toSorted((a, b) => a.row - b.row);
  const marks = kinds.map(({ lateRows }) => markWords(lateRows));
  const lateWords = rowWords(late);
  const badWords = rowWords(inOrder.map(({ row }) => row));
  const words = [...lateWords, ...badWords, ...marks.flat()];
  const wordsAt = COUNT_BYTES + KIND_BYTES * kinds.length;
  const textAt = wordsAt + 4 * words.length;
  const text = messagesBytes(inOrder, maxBytes - textAt);
  const bytes = new Uint8Array(textAt + text.length);
  const { absorbed, filtered, untimed, added } = counts;
  const numbers = [
    ...[absorbed, filtered, counts.late, untimed, counts.bad, added, late.length, kinds.length],
    ...[lateWords.length, badWords.length],
    ...shareNumbers(outcome.block),
    ...kinds.flatMap((
      { absorbed, filtered, late, untimed },
      at,
    ) => [absorbed, filtered, late, untimed, marks[at].length]),
  ];
  new Float64Array(bytes.buffer, 0, numbers.length).set(numbers);
  new Int32Array(bytes.buffer, wordsAt, words.length).set(words);
  bytes.set(text, textAt);
  return bytes;
}

const NO_SHARE = -1;

function shareNumbers(share: BlockShare | undefined): number[] {
  const { records = NO_SHARE, rows = 0, undecoded = 0, lines = 0, greatest = 0 } = share ?? {};
  return [records, rows, undecoded, lines, greatest];
}

function readShare([records, rows, undecoded, lines, greatest]: Float64Array) {
  return records === NO_SHARE ? {} : { block: { records, rows, undecoded, lines, greatest } };
}

/** Rows as bits: however many kinds have the same row, there is room for all. */
function markWords(rows: readonly number[]): number[] {
  const words: number[] = Array(((rows.at(-1) ?? -1) >> 5) + 1).fill(0);
  for (const row of rows) words[row >> 5] |= 1 << (row & 31);
  return words;
}

/** Rows as bits where that takes fewer words, so that there is room for all of a block. */
function rowWords(rows: readonly number[]): readonly number[] {
  if ((rows.at(-1) ?? 0) >= 32 * rows.length - 32) return rows;
  const isAscending = rows.every((row, at) => at === 0 || rows[at - 1] < row);
  return isAscending ? markWords(rows) : rows;
}

/** The so many rows that {@linkcode rowWords} has made words of. */
function rowsIn(words: Int32Array, count: number): number[] {
  return words.length === count ? [...words] : markedRows(words);
}

/** The rows that {@linkcode markWords} has made words of. */
function markedRows(words: Int32Array): number[] {
  const rows: number[] = [];
  words.forEach((word, at) => {
    for (let bit = 0; bit < 32; bit++) if ((word >> bit & 1) === 1) rows.push(32 * at + bit);
  });
  return rows;
}

/** The first of some messages, each cut to what is read by anybody, with the names of errors. */
function messagesBytes(bad: readonly BadRow[], maxBytes: number): Uint8Array {
  const cut = bad.map(({ message, name }) => [message.slice(0, MESSAGE_CHARACTERS), name]);
  for (let count = cut.length; count > 0; count >>= 1) {
    const text = encoder.encode(JSON.stringify(cut.slice(0, count)));
    if (text.length <= maxBytes) return text;
  }
  return new Uint8Array();
}

/** Reads what {@linkcode outcomeBytes} wrote. */
export function readOutcome(body: Uint8Array): Outcome {
  const { buffer, byteOffset } = body;
  const numbers = new Float64Array(buffer, byteOffset, COUNT_BYTES / 8);
  const [absorbed, filtered, late, untimed, bad, added, lateCount, kindCount] = numbers;
  const [, , , , , , , , lateWords, badWords] = numbers;
  const counts = { absorbed, filtered, late, untimed, bad, added };
  const rowsAt = COUNT_BYTES + KIND_BYTES * kindCount;
  const badAt = rowsAt + 4 * lateWords;
  const marksAt = badAt + 4 * badWords;
  const { kinds, end: textAt } = readKinds(body, kindCount, marksAt);
  // A copy, because text in shared memory cannot be decoded everywhere.
  const text = decoder.decode(body.slice(textAt));
  const messages = text === "" ? [] : JSON.parse(text) as [string, string | null][];
  const badRows = rowsIn(new Int32Array(buffer, byteOffset + badAt, badWords), bad);
  return {
    counts,
    bad: badRows.map((row, at) => {
      const [message, name] = messages[at] ?? [NO_MESSAGE];
      return { row, message, ...(name && { name }) };
    }),
    late: rowsIn(new Int32Array(buffer, byteOffset + rowsAt, lateWords), lateCount),
    ...(kinds.length > 0 && { kinds }),
    ...readShare(numbers.subarray(10)),
  };
}

function readKinds(body: Uint8Array, count: number, marksAt: number) {
  const { buffer, byteOffset } = body;
  const numbers = new Float64Array(buffer, byteOffset + COUNT_BYTES, 5 * count);
  let end = marksAt;
  const kinds = Array.from({ length: count }, (_, kind): KindShare => {
    const [absorbed, filtered, late, untimed, words] = numbers.subarray(5 * kind);
    const marks = new Int32Array(buffer, byteOffset + end, words);
    end += 4 * words;
    return { absorbed, filtered, late, untimed, lateRows: markedRows(marks) };
  });
  return { kinds, end };
}

/** Where batches before a certain one are covered, and the watermark after them. */
export interface Covered {
  readonly sequence: number;
  readonly watermarkAfter: number;
}

/** Bytes of a {@linkcode Covered} entry. */
export const COVERED_BYTES = 16;

/** Reads the entries at the start of a body. */
export function readCovered(body: Uint8Array, count: number): Covered[] {
  const doubles = new Float64Array(body.buffer, body.byteOffset, 2 * count);
  return Array.from({ length: count }, (_, at) => {
    return { sequence: doubles[2 * at], watermarkAfter: doubles[2 * at + 1] };
  });
}

/** Entries as bytes. */
export function coveredBytes(covered: readonly Covered[]): Uint8Array {
  const doubles = new Float64Array(2 * covered.length);
  covered.forEach(({ sequence, watermarkAfter }, at) => {
    doubles[2 * at] = sequence;
    doubles[2 * at + 1] = watermarkAfter;
  });
  return new Uint8Array(doubles.buffer);
}
