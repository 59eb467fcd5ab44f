/** What `assembly/column/` exports, as the host sees it. */
export interface ColumnExports {
  clearDictionary(column: number, slots: number): void;
  greatestOfTimes(values: number, count: number): number;
  columnItems(column: number): number;
  columnListEnd(column: number, row: number, item: number): void;
  columnListStart(column: number, row: number): number;
  columnPutDecimal(column: number, row: number, low: bigint, high: bigint): void;
  columnPutI64(column: number, row: number, value: bigint): void;
  columnPutNull(column: number, row: number): void;
  columnPutNumber(column: number, row: number, value: number): void;
  columnPutText(column: number, row: number, from: number, length: number): void;
  nullRow(columns: number, count: number, row: number): void;
  undoRow(columns: number, count: number, row: number): void;
}
