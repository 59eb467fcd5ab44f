const HEADER_WORDS = 12;
const ALIGNMENT = 8;

/** Bytes before the body of a frame of work or results. */
export const RECORD_HEADER_BYTES: number = 4 * HEADER_WORDS;

/** What a frame between a hive and its record bees is. */
export const RecordFrameKind = { work: 1, results: 2, fatal: 3 } as const;

/** Work for a bee: the rows `[from, to)` of an encoded batch. */
export interface WorkHeader {
  readonly batch: number;
  readonly from: number;
  readonly to: number;
  /** Rows in the body, whichever of them are to be done. */
  readonly rows: number;
  /** Bytes of the values; the key hashes (4 bytes a row, padded) stand before them. */
  readonly valueBytes: number;
  /** Bytes of the keys behind the values; 0 when the function does not ask for them. */
  readonly keyBytes: number;
  /** Whether a bee was lost over this batch before: then its rows are done one by one. */
  readonly suspect: boolean;
}

/** Results of the rows `[from, from + rows)` of a batch. */
export interface ResultHeader {
  readonly kind: number;
  readonly batch: number;
  readonly from: number;
  readonly rows: number;
  /** Bytes of the results. */
  readonly valueBytes: number;
  /** Bytes of the errors behind the results; 0 when there are none. */
  readonly errorBytes: number;
}

/** A row whose function threw, by its place in the batch. */
export interface RowError {
  readonly index: number;
  readonly name: string;
  readonly message: string;
}

/** `bytes` rounded up to where the next section may begin. */
export function aligned(bytes: number): number {
  return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
}

/** Bytes of the key hashes of so many rows, padded. */
export function hashBytes(rows: number): number {
  return aligned(4 * rows);
}

function words(frame: Uint8Array): Int32Array {
  return new Int32Array(frame.buffer, frame.byteOffset, HEADER_WORDS);
}

/** What a refused value's error says, in the words of a stream, whose rings bound its records. */
export function refusalInStream(message: string): string {
  return message.replace("raise maxBytes", "raise ringBytes, 4 times that");
}

/** Writes the header of a frame of work. */
export function writeWorkHeader(frame: Uint8Array, header: WorkHeader): void {
  const to = words(frame);
  to[0] = RecordFrameKind.work;
  to[1] = header.batch;
  to[2] = header.from;
  to[3] = header.to;
  to[4] = header.rows;
  to[5] = header.valueBytes;
  to[6] = header.keyBytes;
  to[7] = header.suspect ? 1 : 0;
}

/** Reads the header of a frame of work. */
export function readWorkHeader(frame: Uint8Array): WorkHeader {
  const from = words(frame);
  return {
    batch: from[1],
    from: from[2],
    to: from[3],
    rows: from[4],
    valueBytes: from[5],
    keyBytes: from[6],
    suspect: from[7] !== 0,
  };
}

/** Writes the header of a frame of results. */
export function writeResultHeader(frame: Uint8Array, header: ResultHeader): void {
  const to = words(frame);
  to[0] = header.kind;
  to[1] = header.batch;
  to[2] = header.from;
  to[3] = header.rows;
  to[4] = header.valueBytes;
  to[5] = header.errorBytes;
}

/** Reads the header of a frame of results. */
export function readResultHeader(frame: Uint8Array): ResultHeader {
  const from = words(frame);
  return {
    kind: from[0],
    batch: from[1],
    from: from[2],
    rows: from[3],
    valueBytes: from[4],
    errorBytes: from[5],
  };
}
