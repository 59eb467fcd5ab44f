import {
  areRoomy,
  FEW,
  FewRow,
  filledUp,
  keyOf,
  MANY,
  ManyRow,
  type PlainRow as Row,
  templateOf,
} from "../../batch/plain_rows.ts";
import type { Cells } from "./column_outputs.ts";

/** A column: its value in a row is `list[positions[row] + 1]`, or without positions `list[row]`. */
interface Listed {
  readonly name: string;
  readonly list: ArrayLike<unknown>;
  readonly positions: Int32Array | undefined;
}

function listed(name: string, cells: Cells): Listed {
  return "list" in cells
    ? { name, list: cells.list, positions: cells.positions() }
    : { name, list: cells, positions: undefined };
}

/** Rows of eight columns. The functions that follow are alike, but each is a place of its own. */
function rowsOfFew(columns: readonly Listed[], from: number, to: number): Row[] {
  const [
    { name: nameA, list: listA, positions: ofA },
    { name: nameB, list: listB, positions: ofB },
    { name: nameC, list: listC, positions: ofC },
    { name: nameD, list: listD, positions: ofD },
    { name: nameE, list: listE, positions: ofE },
    { name: nameF, list: listF, positions: ofF },
    { name: nameG, list: listG, positions: ofG },
    { name: nameH, list: listH, positions: ofH },
  ] = columns;
  const rows: Row[] = new Array(Math.max(0, to - from));
  for (let cell = from; cell < to; cell++) {
    const row = new FewRow();
    row[nameA] = ofA ? listA[ofA[cell] + 1] : listA[cell];
    row[nameB] = ofB ? listB[ofB[cell] + 1] : listB[cell];
    row[nameC] = ofC ? listC[ofC[cell] + 1] : listC[cell];
    row[nameD] = ofD ? listD[ofD[cell] + 1] : listD[cell];
    row[nameE] = ofE ? listE[ofE[cell] + 1] : listE[cell];
    row[nameF] = ofF ? listF[ofF[cell] + 1] : listF[cell];
    row[nameG] = ofG ? listG[ofG[cell] + 1] : listG[cell];
    row[nameH] = ofH ? listH[ofH[cell] + 1] : listH[cell];
    rows[cell - from] = row;
  }
  return rows;
}

/** Rows of sixteen columns. */
function rowsOfMany(columns: readonly Listed[], from: number, to: number): Row[] {
  const [
    { name: nameA, list: listA, positions: ofA },
    { name: nameB, list: listB, positions: ofB },
    { name: nameC, list: listC, positions: ofC },
    { name: nameD, list: listD, positions: ofD },
    { name: nameE, list: listE, positions: ofE },
    { name: nameF, list: listF, positions: ofF },
    { name: nameG, list: listG, positions: ofG },
    { name: nameH, list: listH, positions: ofH },
    { name: nameI, list: listI, positions: ofI },
    { name: nameJ, list: listJ, positions: ofJ },
    { name: nameK, list: listK, positions: ofK },
    { name: nameL, list: listL, positions: ofL },
    { name: nameM, list: listM, positions: ofM },
    { name: nameN, list: listN, positions: ofN },
    { name: nameO, list: listO, positions: ofO },
    { name: nameP, list: listP, positions: ofP },
  ] = columns;
  const rows: Row[] = new Array(Math.max(0, to - from));
  for (let cell = from; cell < to; cell++) {
    const row = new ManyRow();
    row[nameA] = ofA ? listA[ofA[cell] + 1] : listA[cell];
    row[nameB] = ofB ? listB[ofB[cell] + 1] : listB[cell];
    row[nameC] = ofC ? listC[ofC[cell] + 1] : listC[cell];
    row[nameD] = ofD ? listD[ofD[cell] + 1] : listD[cell];
    row[nameE] = ofE ? listE[ofE[cell] + 1] : listE[cell];
    row[nameF] = ofF ? listF[ofF[cell] + 1] : listF[cell];
    row[nameG] = ofG ? listG[ofG[cell] + 1] : listG[cell];
    row[nameH] = ofH ? listH[ofH[cell] + 1] : listH[cell];
    row[nameI] = ofI ? listI[ofI[cell] + 1] : listI[cell];
    row[nameJ] = ofJ ? listJ[ofJ[cell] + 1] : listJ[cell];
    row[nameK] = ofK ? listK[ofK[cell] + 1] : listK[cell];
    row[nameL] = ofL ? listL[ofL[cell] + 1] : listL[cell];
    row[nameM] = ofM ? listM[ofM[cell] + 1] : listM[cell];
    row[nameN] = ofN ? listN[ofN[cell] + 1] : listN[cell];
    row[nameO] = ofO ? listO[ofO[cell] + 1] : listO[cell];
    row[nameP] = ofP ? listP[ofP[cell] + 1] : listP[cell];
    rows[cell - from] = row;
  }
  return rows;
}

/** Stores the values of sixteen columns in rows that have them. */
function fillMany(columns: readonly Listed[], from: number, rows: readonly Row[]): void {
  const [
    { name: nameA, list: listA, positions: ofA },
    { name: nameB, list: listB, positions: ofB },
    { name: nameC, list: listC, positions: ofC },
    { name: nameD, list: listD, positions: ofD },
    { name: nameE, list: listE, positions: ofE },
    { name: nameF, list: listF, positions: ofF },
    { name: nameG, list: listG, positions: ofG },
    { name: nameH, list: listH, positions: ofH },
    { name: nameI, list: listI, positions: ofI },
    { name: nameJ, list: listJ, positions: ofJ },
    { name: nameK, list: listK, positions: ofK },
    { name: nameL, list: listL, positions: ofL },
    { name: nameM, list: listM, positions: ofM },
    { name: nameN, list: listN, positions: ofN },
    { name: nameO, list: listO, positions: ofO },
    { name: nameP, list: listP, positions: ofP },
  ] = columns;
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    const row = rows[at];
    row[nameA] = ofA ? listA[ofA[cell] + 1] : listA[cell];
    row[nameB] = ofB ? listB[ofB[cell] + 1] : listB[cell];
    row[nameC] = ofC ? listC[ofC[cell] + 1] : listC[cell];
    row[nameD] = ofD ? listD[ofD[cell] + 1] : listD[cell];
    row[nameE] = ofE ? listE[ofE[cell] + 1] : listE[cell];
    row[nameF] = ofF ? listF[ofF[cell] + 1] : listF[cell];
    row[nameG] = ofG ? listG[ofG[cell] + 1] : listG[cell];
    row[nameH] = ofH ? listH[ofH[cell] + 1] : listH[cell];
    row[nameI] = ofI ? listI[ofI[cell] + 1] : listI[cell];
    row[nameJ] = ofJ ? listJ[ofJ[cell] + 1] : listJ[cell];
    row[nameK] = ofK ? listK[ofK[cell] + 1] : listK[cell];
    row[nameL] = ofL ? listL[ofL[cell] + 1] : listL[cell];
    row[nameM] = ofM ? listM[ofM[cell] + 1] : listM[cell];
    row[nameN] = ofN ? listN[ofN[cell] + 1] : listN[cell];
    row[nameO] = ofO ? listO[ofO[cell] + 1] : listO[cell];
    row[nameP] = ofP ? listP[ofP[cell] + 1] : listP[cell];
  }
}

/** The same of eight columns. */
function fillFew(columns: readonly Listed[], from: number, rows: readonly Row[]): void {
  const [
    { name: nameA, list: listA, positions: ofA },
    { name: nameB, list: listB, positions: ofB },
    { name: nameC, list: listC, positions: ofC },
    { name: nameD, list: listD, positions: ofD },
    { name: nameE, list: listE, positions: ofE },
    { name: nameF, list: listF, positions: ofF },
    { name: nameG, list: listG, positions: ofG },
    { name: nameH, list: listH, positions: ofH },
  ] = columns;
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    const row = rows[at];
    row[nameA] = ofA ? listA[ofA[cell] + 1] : listA[cell];
    row[nameB] = ofB ? listB[ofB[cell] + 1] : listB[cell];
    row[nameC] = ofC ? listC[ofC[cell] + 1] : listC[cell];
    row[nameD] = ofD ? listD[ofD[cell] + 1] : listD[cell];
    row[nameE] = ofE ? listE[ofE[cell] + 1] : listE[cell];
    row[nameF] = ofF ? listF[ofF[cell] + 1] : listF[cell];
    row[nameG] = ofG ? listG[ofG[cell] + 1] : listG[cell];
    row[nameH] = ofH ? listH[ofH[cell] + 1] : listH[cell];
  }
}

function fillOne({ name, list, positions }: Listed, from: number, rows: readonly Row[]): void {
  for (let at = 0, cell = from; at < rows.length; at++, cell++) {
    rows[at][name] = positions ? list[positions[cell] + 1] : list[cell];
  }
}

function copiesOf(template: Row, count: number): Row[] {
  const rows: Row[] = [];
  for (let row = 0; row < count; row++) rows.push({ ...template });
  return rows;
}

/**
 * Makes plain objects of values that lie column by column.
 *
 * Each of the first columns is stored at a place of its own in the code: the engine learns the name of
 * a property by the place, and where several names are stored at one, each costs several times as
 * much. So would asking in the loop how many columns there are; storing the last one several times
 * costs little. An object made in the loop needs no look at whether it is old when it gets a value,
 * which a copy does. Of many columns, or of such as do not stand in order, rows are copies of one
 * object, and so have its shape at once.
 */
export class RowMaker {
  readonly #names: readonly string[];
  /** What rows are copies of, unless they are made in the loop. */
  readonly #template: Row | undefined;

  /** Of rows with these columns. */
  constructor(names: readonly string[]) {
    this.#names = names.map(keyOf);
    if (!areRoomy(names)) this.#template = templateOf(this.#names);
  }

  /** The rows from one to before another. */
  make(cells: readonly Cells[], from: number, to: number): Row[] {
    const columns = cells.map((each, at) => listed(this.#names[at], each));
    if (this.#template) return this.#copies(this.#template, columns, from, to);
    return columns.length <= FEW
      ? rowsOfFew(filledUp(columns, FEW), from, to)
      : rowsOfMany(filledUp(columns, MANY), from, to);
  }

  #copies(template: Row, columns: readonly Listed[], from: number, to: number): Row[] {
    const rows = copiesOf(template, Math.max(0, to - from));
    const [first, second] = [columns.slice(0, MANY), columns.slice(MANY, MANY + FEW)];
    if (first.length > 0) fillMany(filledUp(first, MANY), from, rows);
    if (second.length > 0) fillFew(filledUp(second, FEW), from, rows);
    for (const column of columns.slice(MANY + FEW)) fillOne(column, from, rows);
    return rows;
  }
}
