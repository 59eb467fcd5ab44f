/** What those who take the results of a run tell it of them, so that their rows can be settled. */
export interface ResultAccount {
  /** Whether somebody wants to know. */
  readonly isKept: boolean;
  /** The first so many rows of the results were acknowledged by where they went. */
  acknowledge(rows: number): void;
  /** Whether it is time that the first so many rows are acknowledged, if they can be. */
  isAwaited(rows: number): boolean;
  /**
   * Calls when that may have changed, at any time. What the listener returns resolves when those
   * rows were acknowledged that can be now, and is waited for where there will be no other time.
   */
  onAwaited(listener: () => void | Promise<void>): void;
  /** They cannot be: the run fails. */
  refuse(error: unknown): void;
}

/** A run whose results are acknowledged. */
export interface AcknowledgedRun {
  /** What is told of its results. */
  readonly account: ResultAccount;
  /**
   * Nothing more will be told: what is settled by then is told to the source, and everything is let
   * go of. May be called whatever has happened.
   *
   * @throws what the source has failed with.
   */
  finish(): Promise<void>;
}
