/** What became of the rows of a batch; together they are all of its rows and those added. */
export interface RowCounts {
  /** Rows that went on to windows, or out of a pipeline without. */
  absorbed: number;
  /** Rows that a filter left out, or that lie between windows. */
  filtered: number;
  /** Rows whose windows were all closed. */
  late: number;
  /** Rows without a usable event time. */
  untimed: number;
  /** Rows for which an expression has no value, or a function failed. */
  bad: number;
  /** Rows that functions made beyond one for each that they were given. */
  added: number;
}

/** Counts of nothing. */
export function noCounts(): RowCounts {
  return { absorbed: 0, filtered: 0, late: 0, untimed: 0, bad: 0, added: 0 };
}

/** Adds the counts of one batch to others. */
export function addCounts(to: RowCounts, more: RowCounts): void {
  to.absorbed += more.absorbed;
  to.filtered += more.filtered;
  to.late += more.late;
  to.untimed += more.untimed;
  to.bad += more.bad;
  to.added += more.added;
}
