/** The first four bytes of a frame: `WGLF`. */
const FRAME_MAGIC = 0x464c4757;

/** The format of frames that this release writes and reads. */
const FRAME_VERSION = 1;

/** Bytes of a frame's header. */
export const FRAME_HEADER_BYTES = 80;

/** The largest frame: 2 GiB − 8 bytes. */
export const MAX_FRAME_BYTES: number = 2 ** 31 - 8;

/** Where the header's fields are, in bytes from the start of the frame; all little-endian. */
export const FrameOffset = {
  /** u32 */
  magic: 0,
  /** u16 */
  version: 4,
  /** u8: the position in {@linkcode FrameKind} */
  kind: 6,
  /** u8: bits of {@linkcode FrameFlag} */
  flags: 7,
  /** f64 milliseconds, −Infinity = none */
  watermark: 8,
  /** f64 milliseconds, Infinity = none */
  leastTime: 16,
  /** f64 milliseconds, −Infinity = none */
  greatestTime: 24,
  /** f64, a whole number */
  sequence: 32,
  /** f64, a whole number */
  epoch: 40,
  /** u32 */
  sourcePartition: 48,
  /** u32 */
  dictionaryGeneration: 52,
  /** u32 */
  rows: 56,
  /** u32, a multiple of 8, the header included */
  totalBytes: 60,
  /** u32, 0 without {@linkcode FrameFlag.crc} */
  crc: 64,
  /** u32, without padding */
  bodyBytes: 68,
  /** u32, without padding; 0 unless the kind is `data` */
  schemaBytes: 72,
  /** u32, 0 */
  reserved: 76,
} as const;

/** Bits of the header's flags. */
export const FrameFlag = {
  /** The frame has a CRC-32C of all its bytes but the CRC's own. */
  crc: 1,
  /** A byte a row says what the row does to an earlier result. */
  rowKinds: 2,
} as const;

/** In the order of the kind's byte in the header. */
const FRAME_KINDS: readonly FrameKind[] = ["data", "delta", "barrier", "watermark", "end"];

/** What a frame is for. */
export type FrameKind = "data" | "delta" | "barrier" | "watermark" | "end";

/** What a row of a revised result does: it is inserted, or takes back or replaces an earlier one. */
export const RowKind = { insert: 0, updateBefore: 1, updateAfter: 2, delete: 3 } as const;

/** What a frame says beside its rows. */
export interface FrameHeader {
  /** What the frame is for. */
  kind: FrameKind;
  /** The source partition it came from. Default 0. */
  sourcePartition?: number;
  /** Default 0. */
  epoch?: number;
  /** Its place within its source partition. Default 0. */
  sequence?: number;
  /** The watermark, in milliseconds of event time. Default −Infinity: none. */
  watermark?: number;
  /** The least event time within, in milliseconds. Default Infinity: none. */
  leastTime?: number;
  /** The greatest event time within, in milliseconds. Default −Infinity: none. */
  greatestTime?: number;
  /** The generation of a ring's delta dictionary. Default 0: the frame is self-contained. */
  dictionaryGeneration?: number;
  /** A {@linkcode RowKind} a row, for results that are revised. Default: all inserted. */
  rowKinds?: Uint8Array;
  /** Whether the frame carries a CRC-32C, for frames on disk. Default `false`. */
  crc?: boolean;
}

/** A header as it was read: everything there but `rowKinds`, which only revisions have. */
export type DecodedFrameHeader = Required<Omit<FrameHeader, "rowKinds">> & {
  rowKinds?: Uint8Array;
};

/** The lengths a header holds beside what its user says. */
export interface FrameLengths {
  /** Number of rows. */
  rows: number;
  /** The whole frame with its padding. */
  totalBytes: number;
  /** The body without padding. */
  bodyBytes: number;
  /** The schema's description. */
  schemaBytes: number;
}

/** A frame of another format version than this release reads. */
export class FrameVersionError extends RangeError {
  /** `"FrameVersionError"`. */
  override readonly name = "FrameVersionError";
  /** The version found. */
  readonly version: number;

  /** For a frame of `version`. */
  constructor(version: number) {
    super(
      `Cannot decode frame: its format version is ${version}, this release reads ` +
        `${FRAME_VERSION}; write it with the same release, or upgrade the older side`,
    );
    this.version = version;
  }
}

/** The error for a frame that is damaged or was none. */
export function badFrame(why: string): RangeError {
  return new RangeError(`Cannot decode frame: ${why}`);
}

function checkCount(name: string, value: number, limit: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= limit) return value;
  throw new RangeError(
    `Cannot encode frame: ${name} must be a whole number from 0 to ${limit}, received ${value}`,
  );
}

function checkTime(name: string, value: number): number {
  if (!Number.isNaN(value)) return value;
  throw new RangeError(`Cannot encode frame: ${name} must be milliseconds, received NaN`);
}

/** Writes a header, without its CRC. */
export function writeHeader(view: DataView, header: FrameHeader, lengths: FrameLengths): void {
  const flags = (header.crc ? FrameFlag.crc : 0) | (header.rowKinds ? FrameFlag.rowKinds : 0);
  const kind = FRAME_KINDS.indexOf(header.kind);
  if (kind < 0) throw new RangeError(`Cannot encode frame: unknown kind ${header.kind}`);
  view.setUint32(FrameOffset.magic, FRAME_MAGIC, true);
  view.setUint16(FrameOffset.version, FRAME_VERSION, true);
  view.setUint8(FrameOffset.kind, kind);
  view.setUint8(FrameOffset.flags, flags);
  const { watermark = -Infinity, leastTime = Infinity, greatestTime = -Infinity } = header;
  view.setFloat64(FrameOffset.watermark, checkTime("watermark", watermark), true);
  view.setFloat64(FrameOffset.leastTime, checkTime("leastTime", leastTime), true);
  view.setFloat64(FrameOffset.greatestTime, checkTime("greatestTime", greatestTime), true);
  writeCounts(view, header);
  view.setUint32(FrameOffset.rows, lengths.rows, true);
  view.setUint32(FrameOffset.totalBytes, lengths.totalBytes, true);
  view.setUint32(FrameOffset.crc, 0, true);
  view.setUint32(FrameOffset.bodyBytes, lengths.bodyBytes, true);
  view.setUint32(FrameOffset.schemaBytes, lengths.schemaBytes, true);
  view.setUint32(FrameOffset.reserved, 0, true);
}

function writeCounts(view: DataView, header: FrameHeader): void {
  const { sequence = 0, epoch = 0, sourcePartition = 0, dictionaryGeneration = 0 } = header;
  const whole = Number.MAX_SAFE_INTEGER;
  const u32 = 0xffff_ffff;
  view.setFloat64(FrameOffset.sequence, checkCount("sequence", sequence, whole), true);
  view.setFloat64(FrameOffset.epoch, checkCount("epoch", epoch, whole), true);
  const partition = checkCount("sourcePartition", sourcePartition, u32);
  view.setUint32(FrameOffset.sourcePartition, partition, true);
  const generation = checkCount("dictionaryGeneration", dictionaryGeneration, u32);
  view.setUint32(FrameOffset.dictionaryGeneration, generation, true);
}

/**
 * Reads and checks the lengths of the frame at the start of `view`.
 *
 * @throws {FrameVersionError} for another format version.
 * @throws {RangeError} when this is no frame, or not the whole of one.
 */
export function readLengths(view: DataView): FrameLengths {
  if (view.byteLength < FRAME_HEADER_BYTES) {
    throw badFrame(`${view.byteLength} bytes are fewer than the header's ${FRAME_HEADER_BYTES}`);
  }
  if (view.getUint32(FrameOffset.magic, true) !== FRAME_MAGIC) throw badFrame("it is no frame");
  const version = view.getUint16(FrameOffset.version, true);
  if (version !== FRAME_VERSION) throw new FrameVersionError(version);
  const totalBytes = view.getUint32(FrameOffset.totalBytes, true);
  const bodyBytes = view.getUint32(FrameOffset.bodyBytes, true);
  const schemaBytes = view.getUint32(FrameOffset.schemaBytes, true);
  if (totalBytes > view.byteLength) {
    throw badFrame(`it is ${totalBytes} bytes long, but only ${view.byteLength} are there`);
  }
  const padded = FRAME_HEADER_BYTES + Math.ceil(bodyBytes / 8) * 8;
  if (totalBytes !== padded || schemaBytes > bodyBytes) throw badFrame("its lengths disagree");
  return { rows: view.getUint32(FrameOffset.rows, true), totalBytes, bodyBytes, schemaBytes };
}

/**
 * Reads and checks what a header says beside its lengths.
 *
 * @throws {RangeError} when something in it cannot be.
 */
export function readHeader(view: DataView): DecodedFrameHeader {
  const kind = FRAME_KINDS[view.getUint8(FrameOffset.kind)];
  const flags = view.getUint8(FrameOffset.flags);
  if (kind === undefined) throw badFrame("its kind is unknown");
  if ((flags & ~(FrameFlag.crc | FrameFlag.rowKinds)) !== 0) throw badFrame("a flag is unknown");
  const header = {
    kind,
    watermark: view.getFloat64(FrameOffset.watermark, true),
    leastTime: view.getFloat64(FrameOffset.leastTime, true),
    greatestTime: view.getFloat64(FrameOffset.greatestTime, true),
    sequence: view.getFloat64(FrameOffset.sequence, true),
    epoch: view.getFloat64(FrameOffset.epoch, true),
    sourcePartition: view.getUint32(FrameOffset.sourcePartition, true),
    dictionaryGeneration: view.getUint32(FrameOffset.dictionaryGeneration, true),
    crc: (flags & FrameFlag.crc) !== 0,
  };
  if (!(isCount(header.sequence) && isCount(header.epoch))) throw badFrame("a count is not whole");
  if (Number.isNaN(header.watermark + header.leastTime + header.greatestTime)) {
    checkTimes(header);
  }
  return header;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Opposite infinities sum to NaN too, so only now each is looked at. */
function checkTimes(header: Pick<DecodedFrameHeader, "watermark" | "leastTime" | "greatestTime">) {
  for (const time of [header.watermark, header.leastTime, header.greatestTime]) {
    if (Number.isNaN(time)) throw badFrame("a time is NaN");
  }
}
