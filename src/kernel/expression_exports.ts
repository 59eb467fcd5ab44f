/** What `assembly/expression/` exports, as the host sees it. */
export interface ExpressionExports {
  expressionRun(
    program: number,
    count: number,
    registers: number,
    registerCount: number,
    scratch: number,
    rows: number,
  ): number;
  expressionTextBytes(texts: number, rows: number): number;
  expressionPackText(
    texts: number,
    rows: number,
    ends: number,
    bytes: number,
    start: number,
  ): void;
  expressionRowsOf(bits: number, rows: number, first: number, out: number): number;
}
