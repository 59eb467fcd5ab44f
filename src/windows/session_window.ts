import { type Expr, isExpression } from "../batch/expressions/expr.ts";
import { type Duration, milliseconds } from "../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";

/** Options of {@linkcode SessionWindow}. */
export interface SessionWindowOptions {
  /**
   * For how long nothing must come for a session to be over: whole milliseconds, at least 1 ms. Or
   * an expression that gives each row's own gap in milliseconds, such as `col("timeout")`: a row
   * for which it is null, below 1 or no number is in no session, and counted as filtered.
   */
  gap: Duration | Expr;
}

const OPTIONS: OptionRule<SessionWindowOptions> = {
  doing: "make session windows",
  names: { gap: true },
  example: '{ gap: "30s" }',
};

/**
 * Sessions: rows of a key that come one after the other without a longer gap between them.
 *
 * A session starts with its first row, and ends a gap after its last one; rows exactly a gap apart
 * are of one session. A row that comes between two sessions makes them one, if neither is over. Late
 * is a row that touches no session that is kept, and whose own would be over.
 *
 * @example
 * ```ts
 * import { SessionWindow } from "@waggle/stream";
 *
 * const visits = new SessionWindow({ gap: "30m" });
 * console.log(visits.gap); // 1800000
 * ```
 */
export class SessionWindow {
  /** The gap in ms, or what gives each row's. */
  readonly gap: number | Expr;

  /**
   * Windows by gaps.
   *
   * @throws {TypeError | RangeError} when `gap` is neither a usable duration nor an expression, or
   *   an option is not known.
   */
  constructor(options: SessionWindowOptions) {
    const { gap } = knownOptions(options, OPTIONS);
    this.gap = isExpression(gap) ? gap : milliseconds(gap, "session gap", {
      least: 1,
      or: 'an expression such as col("timeout")',
    });
  }
}
