/** An aggregate, whole. */
export const total = {
  init(): number {
    return 0;
  },
  add(sum: number, value: number): number {
    return this.plus(sum, value);
  },
  merge(a: number, b: number): number {
    return this.plus(a, b);
  },
  result: (sum: number): number => sum,
  plus: (a: number, b: number): number => a + b,
};

/** For lists. */
export function howMany(rows: readonly unknown[]): number {
  return rows.length;
}

/** For folds. */
export const later = (a: number, b: number): number => Math.max(a, b);

const state = { n: 0 };

/** One whose state all would share. */
export const shared = { ...total, init: (): object => state };
