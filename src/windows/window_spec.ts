import type { WindowExtent } from "../kernel/window_types.ts";
import type { WindowSemantics } from "./window_semantics.ts";

/** Which windows hold a row, as plain data that can be posted to a worker. */
export type WindowSpec =
  /** Windows that are as far from each other as they are long, or overlap, or grow. */
  | { readonly kind: "aligned"; readonly extent: WindowExtent }
  /** Sessions by a gap in ms, or by one that each row has in a column. */
  | { readonly kind: "session"; readonly gap: number | { readonly column: string } }
  /** Every `slide` rows of a key its last `size` ones; `partial`: what is left over at the end. */
  | {
    readonly kind: "count";
    readonly size: number;
    readonly slide: number;
    readonly partial: boolean;
  }
  /** For each time t of a key's rows those from t − `duration` to t. */
  | { readonly kind: "trailing"; readonly duration: number }
  /** One window for everything. */
  | { readonly kind: "global" }
  /** What a function gives, which sees these columns of a row; absent: all. */
  | { readonly kind: "custom"; readonly columns?: readonly string[] }
  /** From the time in one column up to the one in another, ms. */
  | { readonly kind: "bounds"; readonly start: string; readonly end: string };

/** What panes of one window hold. */
export type PaneMode = "accumulating" | "discarding" | "retracting";

/** When windows give results, as plain data that can be posted to a worker. */
export interface TriggerSpec {
  /** A pane after so many rows of a key in a window since its last one. */
  readonly everyRows?: number;
  /** A pane so often, ms, if there are rows that none has had. */
  readonly every?: number;
  /** What `every` goes by. Default `"event"`. */
  readonly clock?: "event" | "processing";
  /** Whether the end of a window gives a pane. Default `"always"`. */
  readonly onTime?: "always" | "ifChanged" | "never";
  /** Default `"accumulating"`. */
  readonly panes?: PaneMode;
}

/** A windowed aggregation over rows in source order, as plain data. */
export interface WindowOperatorSpec {
  readonly window: WindowSpec;
  /** Column of event times, ms; count and global windows do without. */
  readonly time?: string;
  /** Columns that rows are grouped by. Default none: one group a window. */
  readonly keys?: readonly string[];
  /** Default: a result at the end of each window, and no pane columns. */
  readonly trigger?: TriggerSpec;
  /**
   * How long after its end a window takes rows and gives a new result for each of them, ms.
   * Default 0.
   */
  readonly revisedFor?: number;
  /** Default Flink's. */
  readonly semantics?: Partial<WindowSemantics>;
  /**
   * The most pairs of a window, or a slice of windows, and a key, where they are kept in JavaScript.
   * Default 16 Mi.
   */
  readonly maxOpen?: number;
}
