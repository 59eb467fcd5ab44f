import {
  areRoomy,
  FEW,
  FewRow,
  filledUp,
  keyOf,
  MANY,
  ManyRow,
  type PlainRow,
  templateOf,
} from "./plain_rows.ts";

type Lists = readonly (readonly unknown[])[];

/** Rows of eight columns: each is stored at a place of its own, by which the engine knows its name. */
function zipFew(names: readonly string[], lists: Lists, count: number): PlainRow[] {
  const [nameA, nameB, nameC, nameD, nameE, nameF, nameG, nameH] = names;
  const [listA, listB, listC, listD, listE, listF, listG, listH] = lists;
  const rows: PlainRow[] = [];
  for (let at = 0; at < count; at++) {
    const row = new FewRow();
    row[nameA] = listA[at];
    row[nameB] = listB[at];
    row[nameC] = listC[at];
    row[nameD] = listD[at];
    row[nameE] = listE[at];
    row[nameF] = listF[at];
    row[nameG] = listG[at];
    row[nameH] = listH[at];
    rows.push(row);
  }
  return rows;
}

/** Rows of sixteen columns. */
function zipMany(names: readonly string[], lists: Lists, count: number): PlainRow[] {
  const [
    nameA,
    nameB,
    nameC,
    nameD,
    nameE,
    nameF,
    nameG,
    nameH,
    nameI,
    nameJ,
    nameK,
    nameL,
    nameM,
    nameN,
    nameO,
    nameP,
  ] = names;
  const [
    listA,
    listB,
    listC,
    listD,
    listE,
    listF,
    listG,
    listH,
    listI,
    listJ,
    listK,
    listL,
    listM,
    listN,
    listO,
    listP,
  ] = lists;
  const rows: PlainRow[] = [];
  for (let at = 0; at < count; at++) {
    const row = new ManyRow();
    row[nameA] = listA[at];
    row[nameB] = listB[at];
    row[nameC] = listC[at];
    row[nameD] = listD[at];
    row[nameE] = listE[at];
    row[nameF] = listF[at];
    row[nameG] = listG[at];
    row[nameH] = listH[at];
    row[nameI] = listI[at];
    row[nameJ] = listJ[at];
    row[nameK] = listK[at];
    row[nameL] = listL[at];
    row[nameM] = listM[at];
    row[nameN] = listN[at];
    row[nameO] = listO[at];
    row[nameP] = listP[at];
    rows.push(row);
  }
  return rows;
}

/** Rows of any columns, with their shape at once, and with an own `__proto__` if any. */
function zipAny(names: readonly string[], lists: Lists, count: number): PlainRow[] {
  const template = templateOf(names);
  const rows: PlainRow[] = [];
  for (let row = 0; row < count; row++) {
    const object = { ...template };
    for (let at = 0; at < names.length; at++) object[names[at]] = lists[at][row];
    rows.push(object);
  }
  return rows;
}

/** How rows of columns are made. */
interface RowPlan {
  /** The names of the columns, filled up where they are stored at places of their own. */
  readonly keys: readonly string[];
  readonly zip: typeof zipAny;
}

/** Of the names that came before: there may be a batch for each row. */
const plans = new WeakMap<readonly string[], RowPlan>();

function planOf(names: readonly string[]): RowPlan {
  const keys = names.map(keyOf);
  if (!areRoomy(keys)) return { keys, zip: zipAny };
  return keys.length <= FEW
    ? { keys: filledUp(keys, FEW), zip: zipFew }
    : { keys: filledUp(keys, MANY), zip: zipMany };
}

/**
 * Objects from arrays of values side by side, `count` long each.
 *
 * @param names Their keys, of which those of one array are looked at once.
 */
export function zipRows(names: readonly string[], lists: Lists, count: number): PlainRow[] {
  let plan = plans.get(names);
  if (!plan) plans.set(names, plan = planOf(names));
  const { keys, zip } = plan;
  return zip(keys, filledUp(lists, keys.length), count);
}
