import type { ExprValue, Operand } from "../batch/expressions/expr_types.ts";
import type { PaneMode } from "../windows/window_spec.ts";

/** The columns that {@linkcode Pipeline.select} makes. */
export type Selected<Columns extends Readonly<Record<string, Operand>>> = {
  -readonly [Name in keyof Columns]: ExprValue<Columns[Name]>;
};

/** Rows with a column `Name` of `Value`, whether they had one of that name or not. */
export type WithColumn<Row, Name extends string, Value> =
  & Omit<Row, Name>
  & { [K in Name]: Value };

/** Rows whose column `Name` has become milliseconds. */
export type WithTime<Row, Name extends PropertyKey> = {
  [K in keyof Row]: K extends Name ? number | null : Row[K];
};

/** Result rows of windows whose bounds are `Bound`. */
export type Bounded<Row, Bound extends number | null> = number extends Bound ? Row
  : Omit<Row, "windowStart" | "windowEnd"> & { windowStart: Bound; windowEnd: Bound };

/** What a result row says about its pane, where a window gives several results. */
export type PaneRow<Panes extends PaneMode = "accumulating"> =
  & {
    /** How many panes of its window and key came before it. */
    paneIndex: number;
    /** When it came, next to the end of its window. */
    paneTiming: "early" | "onTime" | "late";
    /** How many earlier results it replaces; 0 where panes discard. */
    paneRevision: number;
  }
  & (Panes extends "retracting" ? {
      /**
       * What the row does to those before it: adds a result, takes one back that the next row of
       * the window and key replaces, is that one, or takes one back for good.
       */
      rowKind: "insert" | "updateBefore" | "updateAfter" | "delete";
    }
    : unknown);
