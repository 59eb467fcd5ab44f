// What the reader of CSV knows of a file, and what it has found in the current block.

/** What is no byte, for a quote or comment that the dialect does not have. */
export const NO_BYTE: u32 = 256;

/** A cell in two words: where it starts, and its length with these bits. */
export const IS_NULL: u32 = 0x80000000;
export const IS_QUOTED: u32 = 0x40000000;
/** It has doubled quotes within. */
export const IS_DOUBLED: u32 = 0x20000000;
export const LENGTH_BITS: u32 = 0x1fffffff;

/** Bytes of the record of a row or of a bad one: its number, its line, its start and its end. */
export const RECORD_BYTES: u32 = 16;

/** Why the scanner stopped. */
export const AT_END: u32 = 0;
export const IS_FULL: u32 = 1;
export const BAD_ARE_FULL: u32 = 2;
/** The next record is not valid UTF-8, and the host is to replace what is wrong in it. */
export const NEEDS_REPLACING: u32 = 3;
/** What was indexed is scanned; never told to the host. */
export const REGION_IS_OVER: u32 = 4;

/** What of the dialect goes by bits. */
export const TRIMS: u32 = 1;
export const SKIPS_EMPTY: u32 = 2;
export const PADS: u32 = 4;
export const REPLACES: u32 = 8;

// The words of a context, as the host writes and reads them.
const SEPARATOR: u32 = 0;
const QUOTE: u32 = 4;
const COMMENT: u32 = 8;
const BITS: u32 = 12;
const FIELDS: u32 = 16;
const MOST_FIELDS: u32 = 20;
const MOST_BYTES: u32 = 24;
const CELLS: u32 = 28;
const INFOS: u32 = 32;
const BAD: u32 = 36;
const MOST_BAD: u32 = 40;
const RECORDS: u32 = 44;
const LINES: u32 = 48;
const SKIPPED: u32 = 52;
const BAD_COUNT: u32 = 56;
const STATUS: u32 = 60;
const ROWS: u32 = 64;
const BYTES: u32 = 68;
const PASS_ROWS: u32 = 72;
const COLUMNS: u32 = 76;
const COLUMN_COUNT: u32 = 80;
const NULLS: u32 = 84;
const NULL_COUNT: u32 = 88;
const SCRATCH: u32 = 92;
const SINK: u32 = 96;
const MARKS: u32 = 100;

export let separator: u32 = 0;
export let quote: u32 = 0;
export let comment: u32 = 0;
export let bits: u32 = 0;
/** Fields that a record has. */
export let fields: u32 = 0;
export let mostFields: u32 = 0;
export let mostBytes: u32 = 0;
/** Address of the cells, row after row. */
export let cells: u32 = 0;
/** Room for the index of a region. */
export let marks: u32 = 0;
/** Address of the records of the rows. */
export let infos: u32 = 0;

/** Rows that are scanned and converted together. */
export let passRows: u32 = 0;
/** Address of the descriptions of the wanted columns, and how many they are. */
export let columns: u32 = 0;
export let columnCount: u32 = 0;
/** Address of the texts that mean null, each in two words, and how many they are. */
export let nulls: u32 = 0;
export let nullCount: u32 = 0;
/** Room for one cell without its doubled quotes. */
export let scratch: u32 = 0;
/** The columns under construction. */
export let sink: u32 = 0;

let context: u32 = 0;
let bad: u32 = 0;
let mostBad: u32 = 0;

/** Records of the block so far. */
export let records: u32 = 0;
/** Physical lines of the block so far. */
export let lines: u32 = 0;
let skipped: u32 = 0;
let badCount: u32 = 0;

/** Takes over what the host wrote, and what was found before. */
export function loadContext(at: u32): void {
  context = at;
  takeBytes(at);
  bits = load<u32>(at, BITS);
  fields = load<u32>(at, FIELDS);
  mostFields = load<u32>(at, MOST_FIELDS);
  mostBytes = load<u32>(at, MOST_BYTES);
  cells = load<u32>(at, CELLS);
  marks = load<u32>(at, MARKS);
  infos = load<u32>(at, INFOS);
  passRows = load<u32>(at, PASS_ROWS);
  columns = load<u32>(at, COLUMNS);
  columnCount = load<u32>(at, COLUMN_COUNT);
  nulls = load<u32>(at, NULLS);
  nullCount = load<u32>(at, NULL_COUNT);
  scratch = load<u32>(at, SCRATCH);
  sink = load<u32>(at, SINK);
  bad = load<u32>(at, BAD);
  mostBad = load<u32>(at, MOST_BAD);
  records = load<u32>(at, RECORDS);
  lines = load<u32>(at, LINES);
  skipped = load<u32>(at, SKIPPED);
  badCount = load<u32>(at, BAD_COUNT);
}

/** Takes over the bytes that mean something. */
export function takeBytes(at: u32): void {
  separator = load<u32>(at, SEPARATOR);
  quote = load<u32>(at, QUOTE);
  comment = load<u32>(at, COMMENT);
}

/** Tells the host what was found. */
export function storeContext(status: u32, rows: u32, bytes: u32): void {
  store<u32>(context, rows, ROWS);
  store<u32>(context, bytes, BYTES);
  store<u32>(context, records, RECORDS);
  store<u32>(context, lines, LINES);
  store<u32>(context, skipped, SKIPPED);
  store<u32>(context, badCount, BAD_COUNT);
  store<u32>(context, status, STATUS);
}

/** Counts a line that is no record, and ends unless the input does before. */
export function skipLine(ends: bool): void {
  skipped++;
  if (ends) lines++;
}

/** Counts a record that takes so many physical lines. */
export function countRecord(within: u32): void {
  records++;
  lines += within;
}

/** Counts records of one line each. */
export function countLines(count: u32): void {
  records += count;
  lines += count;
}

/** Writes down which record it is that starts here. */
// @ts-ignore: decorator
@inline
export function describe(to: u32, start: u32, end: u32): void {
  store<u32>(to, records);
  store<u32>(to, lines, 4);
  store<u32>(to, start, 8);
  store<u32>(to, end, 12);
}

/** Bad records that were written down. */
export function badRecords(): u32 {
  return badCount;
}

/** Whether one more bad record can be written down. */
export function hasRoomForBad(): bool {
  return badCount < mostBad;
}

/** Writes down a bad record that starts here. */
export function noteBad(start: u32, end: u32): void {
  describe(bad + badCount * RECORD_BYTES, start, end);
  badCount++;
}

/** Tells the host of a record, behind the bad ones, without counting it. */
export function showRecord(start: u32, end: u32): void {
  describe(bad + badCount * RECORD_BYTES, start, end);
}

/** Writes down a row's record as a bad one. */
export function moveToBad(info: u32): void {
  memory.copy(bad + badCount * RECORD_BYTES, info, RECORD_BYTES);
  badCount++;
}
