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
  writeNumbers(
    kind: number,
    values: number,
    rows: number,
    digits: number,
    ends: number,
    to: number,
  ): number;
}
