/**
 * The names of the result columns that say which pane of its window a result is, where a window may
 * give several: how many came before it, from 0; `"early"`, `"onTime"` or `"late"`; and how many
 * earlier results it replaces, 0 where it stands by itself, as it always does when panes discard.
 */
export const PANE_COLUMNS = ["paneIndex", "paneTiming", "paneRevision"] as const;

/**
 * The name of the result column that says what a row does to those before it, where results are
 * taken back: `"insert"`, `"updateBefore"`, `"updateAfter"` or `"delete"`.
 */
export const ROW_KIND_COLUMN = "rowKind";
