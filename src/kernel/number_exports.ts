/** What the kernel exports for numbers and their texts. */
export interface NumberExports {
  readDoubles(text: number, offsets: number, rows: number, loose: number, to: number): number;
  readDecimals(
    text: number,
    offsets: number,
    rows: number,
    scale: number,
    precision: number,
    to: number,
  ): number;
}
