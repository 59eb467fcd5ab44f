/** Kinds of operations of a layout beyond those of values. */
export const LayoutOp = { only: 14, skipText: 15, skipScalar: 16, skip: 17, end: 18 } as const;

/** One operation of a layout. */
export interface LayoutStep {
  readonly kind: number;
  /** At most 16 bytes. */
  readonly template: Uint8Array;
  /** In the sink. */
  readonly column: number;
  /** Kind of a list's items; of what is skipped, the levels that are open. */
  readonly item: number;
  /** Of a list or span: the levels that are open. */
  readonly level: number;
  readonly nullable: boolean;
}

/** The layout of a line. */
export interface JsonLayout {
  readonly steps: readonly LayoutStep[];
  /** Columns that such a line has not, or that are null with the struct they belong to. */
  readonly missing: readonly number[];
}
