/**
 * The functions of a user's aggregate, ready to be called where it is computed; which of them
 * there are depends on the aggregate. Their `this` and further arguments are settled.
 */
export interface UserFunctions {
  /** A state of no rows, a new one each time. */
  readonly init?: () => unknown;
  /** The state with one more value; of a fold, two rows made one. */
  readonly add?: (state: unknown, value: unknown) => unknown;
  /** The state of both. */
  readonly merge?: (into: unknown, from: unknown) => unknown;
  /** The result of a state; of a function of a list, of all its rows. */
  readonly result?: (state: unknown) => unknown;
  /** The state of the first without the values of the second. */
  readonly retract?: (into: unknown, from: unknown) => unknown;
}

/** The functions of users' aggregates, by the names of their result columns. */
export type LoadedFunctions = ReadonlyMap<string, UserFunctions>;
