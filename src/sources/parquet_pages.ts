/** What a page says of itself, as npm:hyparquet reads it. */
export interface PageHeader {
  readonly type?: string;
  readonly uncompressed_page_size: number;
  readonly compressed_page_size: number;
  readonly data_page_header?: { readonly num_values: number; readonly encoding?: string };
  readonly dictionary_page_header?: { readonly num_values: number };
  readonly data_page_header_v2?: {
    readonly num_values: number;
    readonly num_nulls: number;
    readonly num_rows: number;
    readonly encoding?: string;
    readonly definition_levels_byte_length: number;
    readonly repetition_levels_byte_length: number;
    readonly is_compressed?: boolean;
  };
}

/** A column of a row group, whose pages are looked through. */
export interface PagedColumn {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly codec: string;
  /** Values in all pages, nulls and empty lists included. */
  readonly values: number;
  /** How deep lists are nested, and how many of what it is in may be null or a list. */
  readonly maxRepetition: number;
  readonly maxDefinition: number;
}

/** What pages are taken apart by. */
export interface PageTools {
  /** Reads a header, and leaves the offset behind it. */
  header(reader: { view: DataView<ArrayBuffer>; offset: number }): PageHeader;
  inflate(codec: string, bytes: Uint8Array, length: number): Uint8Array;
}

const MAX_HEADER_BYTES = 65_536;
const MAX_INDEX_BITS = 32;
const MAX_DELTA_BITS = 64;
const VARINT_BYTES = 5;
const LONG_VARINT_BYTES = 10;
/** Values by which writers fill up what they have packed. */
const PADDING = 511;
const LENGTH_BYTES = 4;

function damaged(what: string): Error {
  return new Error(`a page is damaged: ${what}`);
}

/** Bytes of a page that are looked through, from one to before another. */
class PageBytes {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    if (!(at >= 0 && at <= end && end <= bytes.length)) throw damaged("a part lies outside");
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  byte(): number {
    if (this.at >= this.#end) throw damaged("it is cut off");
    return this.#bytes[this.at++];
  }

  /** A number of so many bytes, the lowest first. */
  little(bytes: number): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += this.byte() * 2 ** (8 * i);
    return value;
  }

  /** How many of some packed values are one; stays where it is. */
  packed(bits: number, values: number, wanted: number): number {
    let found = 0;
    for (let i = 0, bit = this.at * 8; i < values; i++, bit += bits) {
      let value = 0;
      for (let part = 0; part < bits; part++) {
        const at = bit + part;
        if (at >> 3 < this.#end) value |= (this.#bytes[at >> 3] >> (at & 7) & 1) << part;
      }
      if (value === wanted) found++;
    }
    return found;
  }

  varint(most: number): number {
    let value = 0;
    for (let i = 0; i < most; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw damaged("a number is too long");
  }
}

/**
 * Looks through runs of equal and packed values (parquet-format, "Run Length Encoding / Bit-Packing
 * Hybrid").
 *
 * @returns How many values are `wanted`; of the packed ones without it 0.
 */
function checkRuns(bytes: PageBytes, bits: number, values: number, wanted?: number): number {
  if (bits > MAX_INDEX_BITS) throw damaged(`its values have ${bits} bits`);
  let found = 0;
  for (let seen = 0; seen < values;) {
    const header = bytes.varint(VARINT_BYTES);
    const isPacked = header % 2 === 1;
    const run = Math.floor(header / 2) * (isPacked ? 8 : 1);
    if (run > values - seen + PADDING) throw damaged(`a run has ${run} values`);
    const counted = Math.min(run, values - seen);
    if (isPacked) {
      if (wanted !== undefined) found += bytes.packed(bits, counted, wanted);
      bytes.at += (run * bits) / 8;
    } else if (bytes.little(Math.ceil(bits / 8)) === wanted) found += counted;
    seen += run;
  }
  return found;
}

/** Differences of integers (parquet-format, "Delta Encoding"). */
function checkDeltas(bytes: PageBytes, values: number): void {
  const block = bytes.varint(VARINT_BYTES);
  const parts = bytes.varint(VARINT_BYTES);
  const each = block / parts;
  if (!(Number.isInteger(each) && each > 0 && each % 8 === 0)) {
    throw damaged(`it has blocks of ${block} in ${parts} parts`);
  }
  bytes.varint(VARINT_BYTES);
  bytes.varint(LONG_VARINT_BYTES);
  for (let left = values - 1; left > 0;) {
    bytes.varint(LONG_VARINT_BYTES);
    const bits = Array.from({ length: Math.min(parts, block) }, () => bytes.byte());
    for (let part = 0; part < parts && left > 0; part++) {
      if (bits[part] > MAX_DELTA_BITS) throw damaged(`its values have ${bits[part]} bits`);
      bytes.at += (each * bits[part]) / 8;
      left -= each;
    }
  }
}

function checkValues(
  bytes: PageBytes,
  { encoding, values }: { encoding: string | undefined; values: number },
  type: string,
): void {
  if (values <= 0) return;
  switch (encoding) {
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      checkRuns(bytes, bytes.byte(), values);
      return;
    case "RLE":
      if (type === "BOOLEAN") bytes.little(LENGTH_BYTES);
      checkRuns(bytes, type === "BOOLEAN" ? 1 : bytes.byte(), values);
      return;
    case "DELTA_BYTE_ARRAY":
      checkDeltas(bytes, values);
      return checkDeltas(bytes, values);
    case "DELTA_BINARY_PACKED":
    case "DELTA_LENGTH_BYTE_ARRAY":
      return checkDeltas(bytes, values);
  }
}

/** How many bits a level has. */
function bitsOf(level: number): number {
  return 32 - Math.clz32(level);
}

/** Levels and values of a page of the first kind, whose levels say how long they are. */
function checkFirst(page: Uint8Array, header: PageHeader, column: PagedColumn): void {
  const { num_values: all, encoding } = header.data_page_header!;
  const { maxRepetition, maxDefinition, type } = column;
  const bytes = new PageBytes(page);
  const levels = (level: number) => {
    const length = bytes.little(LENGTH_BYTES);
    const own = new PageBytes(page, bytes.at, bytes.at + length);
    bytes.at += length;
    return checkRuns(own, bitsOf(level), all, level);
  };
  if (maxRepetition > 0) levels(maxRepetition);
  const values = maxDefinition > 0 ? levels(maxDefinition) : all;
  checkValues(bytes, { encoding, values }, type);
}

/** Levels and values of a page of the second kind, whose levels are not compressed. */
function checkSecond(
  page: Uint8Array,
  header: PageHeader,
  { column, tools }: { column: PagedColumn; tools: PageTools },
): void {
  const v2 = header.data_page_header_v2!;
  const { num_values: all, num_nulls: nulls, encoding, is_compressed: isCompressed = true } = v2;
  const repetition = v2.repetition_levels_byte_length;
  const levels = repetition + v2.definition_levels_byte_length;
  if (column.maxRepetition > 0) {
    checkRuns(new PageBytes(page, 0, repetition), bitsOf(column.maxRepetition), all);
  }
  if (column.maxDefinition > 0) {
    checkRuns(new PageBytes(page, repetition, levels), bitsOf(column.maxDefinition), all);
  }
  if (!(nulls >= 0 && nulls <= all)) throw damaged(`of ${all} values ${nulls} are null`);
  if (encoding === "PLAIN") return;
  if (!(levels >= 0 && levels <= page.length)) throw damaged("its levels lie outside");
  const rest = page.subarray(levels);
  const length = header.uncompressed_page_size - levels;
  const values = isCompressed ? tools.inflate(column.codec, rest, length) : rest;
  checkValues(new PageBytes(values), { encoding, values: all - nulls }, column.type);
}

function checkPage(
  page: Uint8Array,
  header: PageHeader,
  { column, tools }: { column: PagedColumn; tools: PageTools },
): number {
  const { data_page_header: first, data_page_header_v2: second } = header;
  const values = first?.num_values ?? second?.num_values ?? 0;
  if (!(values >= 0 && values <= column.values)) throw damaged(`it has ${values} values`);
  if (header.type === "DATA_PAGE" && first) {
    const isPlain = column.maxRepetition + column.maxDefinition === 0 && first.encoding === "PLAIN";
    if (isPlain) return values;
    checkFirst(tools.inflate(column.codec, page, header.uncompressed_page_size), header, column);
  } else if (header.type === "DATA_PAGE_V2" && second) {
    checkSecond(page, header, { column, tools });
  } else if (header.type === "DICTIONARY_PAGE") {
    const { num_values: entries = 0 } = header.dictionary_page_header ?? {};
    // a boolean takes a bit, and all others more
    if (!(entries >= 0 && entries <= header.uncompressed_page_size * 8)) {
      throw damaged(`its dictionary has ${entries} entries`);
    }
    return 0;
  }
  return values;
}

/**
 * Looks whether the pages of a column are such that reading them comes to an end: npm:hyparquet trusts
 * the lengths that stand in them, and loops on some.
 *
 * @throws {Error} that says what is damaged.
 */
export function checkPages(column: PagedColumn, tools: PageTools): void {
  const { bytes } = column;
  let left = column.values;
  for (let at = 0; at < bytes.length - 1 && left > 0;) {
    const length = Math.min(MAX_HEADER_BYTES, bytes.length - at);
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset + at, length), offset: 0 };
    const header = tools.header(reader);
    at += reader.offset;
    const { compressed_page_size: size, uncompressed_page_size: whole } = header;
    if (!(size >= 0 && size <= bytes.length - at && whole >= 0)) {
      throw damaged(`it says that it has ${size} bytes, of ${bytes.length - at} that there are`);
    }
    const page = bytes.subarray(at, at + size);
    left -= checkPage(page, header, { column: { ...column, values: left }, tools });
    at += size;
  }
}
