import { PiecedText } from "./pieced_text.ts";

const FIRST_CELLS = 64;
/** Distinct strings below their highest share that count for later: batches are of any length. */
const MOST_CREDIT = 4096;
/** Distinct strings above their highest share at which a column stops looking for repetitions. */
const MOST_DEBT = 512;
/**
 * Strings that a batch makes known from which on their share is looked at before its end: many, for
 * keys that come in turn are all new at first, and are told from those that never come again late.
 */
const JUDGED_NEW = 512;
/** The highest share of distinct strings with which looking for repetitions pays. */
const HIGH_SHARE = 0.4;
/** Batches after which a column that gave up looks for repetitions again; doubles up to the last. */
const FIRST_PAUSE = 16;
const LAST_PAUSE = 1024;
/** Strings a column remembers from batch to batch, and their total length. */
export const MAX_REMEMBERED_STRINGS = 1024;
const MAX_REMEMBERED_CHARS = 64 * 1024;
/** Cells above which a buffer is given back after a batch that used little of it. */
const KEPT_CELLS = 16384;

/** In place of a number: the batch does not have the string yet. */
const ABSENT = -1;

function grownLocal(local: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(local.length * 2);
  larger.set(local);
  return larger;
}

function grown(cells: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(cells.length * 2);
  larger.set(cells);
  return larger;
}

/**
 * The strings of one column in one batch: the distinct ones as one text with their lengths, and for
 * every cell the number of its string. Where strings hardly repeat each cell has its own and the
 * numbers are left out.
 */
export class TextColumn {
  /** Number of each cell's string; meaningless when `identity`. */
  ids: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_CELLS);
  count = 0;
  lengths: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_CELLS);
  distinct = 0;
  longest = 0;
  /** All distinct strings, one after the other. */
  readonly text: PiecedText = new PiecedText();
  /** Whether every cell has its own string, in order. */
  identity = false;
  #looking = true;
  #pause = FIRST_PAUSE;
  #pausedBatches = 0;
  readonly #known = new Map<string, number>();
  #knownChars = 0;
  /** For each known string its number in the batch, or `ABSENT`. */
  #local: Int32Array<ArrayBuffer> = new Int32Array(FIRST_CELLS);
  /** The known strings of the batch, to make them absent again. */
  readonly #here: number[] = [];
  /** Strings of the batch that were not known. */
  #new = 0;
  /** By how much the distinct strings of the batches so far were below their highest share. */
  #credit = 0;
  /** The string of the latest cell, and whether that is its first in the batch. */
  #latest = "";
  #isFirst = false;

  /** Strings remembered from batch to batch. */
  get remembered(): number {
    return this.#known.size;
  }

  /** Adds a cell. Returns how many characters the batch grew by. */
  write(text: string): number {
    this.#latest = text;
    if (!this.#looking) return this.#append(text);
    const known = this.#known.get(text);
    if (known === undefined) return this.#meet(text);
    const id = this.#local[known];
    if (id === ABSENT) {
      this.#local[known] = this.distinct;
      this.#here.push(known);
      return this.#append(text);
    }
    if (this.count === this.ids.length) this.ids = grown(this.ids);
    this.ids[this.count++] = id;
    this.#isFirst = false;
    return 0;
  }

  #append(text: string): number {
    const { distinct } = this;
    if (!this.identity) {
      if (this.count === this.ids.length) this.ids = grown(this.ids);
      this.ids[this.count] = distinct;
    }
    this.count++;
    if (distinct === this.lengths.length) this.lengths = grown(this.lengths);
    this.lengths[distinct] = text.length;
    if (text.length > this.longest) this.longest = text.length;
    this.distinct = distinct + 1;
    this.#isFirst = true;
    this.text.append(text);
    return text.length;
  }

  #meet(text: string): number {
    if (++this.#new >= JUDGED_NEW && this.#new > this.count * HIGH_SHARE) {
      this.#giveUp();
      return this.#append(text);
    }
    if (
      this.#known.size >= MAX_REMEMBERED_STRINGS ||
      this.#knownChars + text.length > MAX_REMEMBERED_CHARS
    ) this.#forget();
    if (text.length <= MAX_REMEMBERED_CHARS) {
      const id = this.#known.size;
      this.#known.set(text, id);
      this.#knownChars += text.length;
      if (id === this.#local.length) this.#local = grownLocal(this.#local);
      this.#local[id] = this.distinct;
      this.#here.push(id);
    }
    return this.#append(text);
  }

  #giveUp(): void {
    this.#looking = false;
    this.#credit = 0;
    this.#forget();
  }

  #forget(): void {
    this.#here.length = 0;
    this.#known.clear();
    this.#knownChars = 0;
  }

  /** Takes the latest cell back, right after it was written. */
  takeBack(): string {
    this.count--;
    if (!this.#isFirst) return this.#latest;
    const id = --this.distinct;
    this.text.takeBack(this.lengths[id]);
    const known = this.#here.at(-1);
    if (known !== undefined && this.#local[known] === id) this.#local[this.#here.pop()!] = ABSENT;
    return this.#latest;
  }

  /** Drops the cells from `count` on and the strings that only they had. */
  truncate(count: number): void {
    if (count >= this.count) return;
    let distinct = count;
    if (!this.identity) {
      distinct = 0;
      for (let i = 0; i < count; i++) if (this.ids[i] >= distinct) distinct = this.ids[i] + 1;
    }
    let chars = 0;
    for (let i = distinct; i < this.distinct; i++) chars += this.lengths[i];
    this.text.truncate(this.text.length - chars);
    this.count = count;
    this.distinct = distinct;
    for (let i = 0; i < this.#known.size; i++) {
      if (this.#local[i] >= distinct) this.#local[i] = ABSENT;
    }
  }

  /** Decides whether to look for repetitions in the next batch. */
  #judge(): void {
    if (!this.#looking) {
      if (++this.#pausedBatches < this.#pause) return;
      this.#looking = true;
      this.#pausedBatches = 0;
      this.#pause = Math.min(this.#pause * 2, LAST_PAUSE);
      return;
    }
    const { count, distinct } = this;
    this.#credit = Math.min(this.#credit + HIGH_SHARE * count - distinct, MOST_CREDIT);
    if (this.#credit > 0) this.#pause = FIRST_PAUSE;
    if (this.#credit < -MOST_DEBT) this.#giveUp();
  }

  /** Starts the next batch. */
  reset(): void {
    this.#judge();
    this.identity = !this.#looking;
    const cells = Math.max(this.ids.length, this.lengths.length);
    if (cells > KEPT_CELLS && this.count < cells / 8) {
      this.ids = new Uint32Array(FIRST_CELLS);
      this.lengths = new Uint32Array(FIRST_CELLS);
    }
    this.count = 0;
    this.distinct = 0;
    this.longest = 0;
    this.#new = 0;
    this.#latest = "";
    this.text.reset();
    if (this.#here.length > 0) {
      for (const known of this.#here) this.#local[known] = ABSENT;
      this.#here.length = 0;
    }
  }
}
