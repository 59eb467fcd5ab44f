import { setOwn } from "../../batch/misfit.ts";
import type { Cells } from "./column_outputs.ts";

type Row = Record<string, unknown>;

/** A column: its value in a row is `list[positions[row] + 1]`, or without positions `list[row]`. */
interface Listed {
  readonly name: string;
  readonly list: ArrayLike<unknown>;
  readonly positions?: Int32Array;
}

function listed(name: string, cells: Cells): Listed {
  return "list" in cells
    ? { name, list: cells.list, positions: cells.positions() }
    : { name, list: cells };
}

/**
 * Stores the values of columns from one of them on, in rows of which the first is `from` of them. The
 * functions that follow are alike, but each is a place of its own.
 */
type Fill = (rows: readonly Row[], columns: readonly Listed[], first: number, from: number) => void;

function fillFirst(
  rows: readonly Row[],
  columns: readonly Listed[],
  first: number,
  from: number,
): void {
  const [a, b, c, d] = columns.slice(first, first + 4);
  const [nameA, nameB, nameC, nameD] = [a.name, b.name, c.name, d.name];
  const [listA, listB, listC, listD] = [a.list, b.list, c.list, d.list];
  const [ofA, ofB, ofC, ofD] = [a.positions, b.positions, c.positions, d.positions];
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    const row = rows[at];
    row[nameA] = ofA ? listA[ofA[cell] + 1] : listA[cell];
    row[nameB] = ofB ? listB[ofB[cell] + 1] : listB[cell];
    row[nameC] = ofC ? listC[ofC[cell] + 1] : listC[cell];
    row[nameD] = ofD ? listD[ofD[cell] + 1] : listD[cell];
  }
}

function fillSecond(
  rows: readonly Row[],
  columns: readonly Listed[],
  first: number,
  from: number,
): void {
  const [a, b, c, d] = columns.slice(first, first + 4);
  const [nameA, nameB, nameC, nameD] = [a.name, b.name, c.name, d.name];
  const [listA, listB, listC, listD] = [a.list, b.list, c.list, d.list];
  const [ofA, ofB, ofC, ofD] = [a.positions, b.positions, c.positions, d.positions];
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    const row = rows[at];
    row[nameA] = ofA ? listA[ofA[cell] + 1] : listA[cell];
    row[nameB] = ofB ? listB[ofB[cell] + 1] : listB[cell];
    row[nameC] = ofC ? listC[ofC[cell] + 1] : listC[cell];
    row[nameD] = ofD ? listD[ofD[cell] + 1] : listD[cell];
  }
}

function fillThird(
  rows: readonly Row[],
  columns: readonly Listed[],
  first: number,
  from: number,
): void {
  const [a, b, c, d] = columns.slice(first, first + 4);
  const [nameA, nameB, nameC, nameD] = [a.name, b.name, c.name, d.name];
  const [listA, listB, listC, listD] = [a.list, b.list, c.list, d.list];
  const [ofA, ofB, ofC, ofD] = [a.positions, b.positions, c.positions, d.positions];
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    const row = rows[at];
    row[nameA] = ofA ? listA[ofA[cell] + 1] : listA[cell];
    row[nameB] = ofB ? listB[ofB[cell] + 1] : listB[cell];
    row[nameC] = ofC ? listC[ofC[cell] + 1] : listC[cell];
    row[nameD] = ofD ? listD[ofD[cell] + 1] : listD[cell];
  }
}

function fillFourth(
  rows: readonly Row[],
  columns: readonly Listed[],
  first: number,
  from: number,
): void {
  const [a, b, c, d] = columns.slice(first, first + 4);
  const [nameA, nameB, nameC, nameD] = [a.name, b.name, c.name, d.name];
  const [listA, listB, listC, listD] = [a.list, b.list, c.list, d.list];
  const [ofA, ofB, ofC, ofD] = [a.positions, b.positions, c.positions, d.positions];
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    const row = rows[at];
    row[nameA] = ofA ? listA[ofA[cell] + 1] : listA[cell];
    row[nameB] = ofB ? listB[ofB[cell] + 1] : listB[cell];
    row[nameC] = ofC ? listC[ofC[cell] + 1] : listC[cell];
    row[nameD] = ofD ? listD[ofD[cell] + 1] : listD[cell];
  }
}

function lastButTwo(
  rows: readonly Row[],
  columns: readonly Listed[],
  first: number,
  from: number,
): void {
  const { name, list, positions } = columns[first];
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    rows[at][name] = positions ? list[positions[cell] + 1] : list[cell];
  }
}

function lastButOne(
  rows: readonly Row[],
  columns: readonly Listed[],
  first: number,
  from: number,
): void {
  const { name, list, positions } = columns[first];
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    rows[at][name] = positions ? list[positions[cell] + 1] : list[cell];
  }
}

function last(
  rows: readonly Row[],
  columns: readonly Listed[],
  first: number,
  from: number,
): void {
  const { name, list, positions } = columns[first];
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    rows[at][name] = positions ? list[positions[cell] + 1] : list[cell];
  }
}

function another(
  rows: readonly Row[],
  columns: readonly Listed[],
  first: number,
  from: number,
): void {
  const { name, list, positions } = columns[first];
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    rows[at][name] = positions ? list[positions[cell] + 1] : list[cell];
  }
}

const FOURS: readonly Fill[] = [fillFirst, fillSecond, fillThird, fillFourth];
const ONES: readonly Fill[] = [lastButTwo, lastButOne, last];

/**
 * Makes plain objects of values that lie column by column.
 *
 * Every row is a copy of one object, and so has its shape at once. Of the first 16 columns each is
 * stored at a place of its own in the code: the engine learns the name of a property by the place,
 * and where several names are stored at one, each costs several times as much. So would asking in the
 * loop how many columns there are.
 */
export class RowMaker {
  readonly #names: readonly string[];
  readonly #template: Row = {};

  /** Of rows with these columns. */
  constructor(names: readonly string[]) {
    this.#names = names;
    for (const name of names) setOwn(this.#template, name, null);
  }

  /** The rows from one to before another. */
  make(cells: readonly Cells[], from: number, to: number): Row[] {
    const columns = cells.map((each, at) => listed(this.#names[at], each));
    const rows: Row[] = [];
    for (let row = from; row < to; row++) rows.push({ ...this.#template });
    let at = 0;
    for (const fill of FOURS) {
      if (at + 4 > columns.length) break;
      fill(rows, columns, at, from);
      at += 4;
    }
    for (const fill of ONES) if (at < columns.length) fill(rows, columns, at++, from);
    for (; at < columns.length; at++) another(rows, columns, at, from);
    return rows;
  }
}
