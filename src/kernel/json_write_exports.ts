/** What the kernel exports for writing columns as JSON. */
export interface JsonWriteExports {
  jsonWriteRows(
    ops: number,
    count: number,
    from: number,
    end: number,
    fixed: number,
    to: number,
    limit: number,
    objects: number,
    separator: number,
    base: number,
    starts: number,
  ): number;
  jsonRowsTaken(): number;
  jsonBytesNeeded(): number;
  jsonPrepareCells(
    prefix: number,
    prefixBytes: number,
    values: number,
    offsets: number,
    count: number,
    table: number,
    to: number,
  ): number;
  jsonPrepareSlots(
    table: number,
    count: number,
    prefix: number,
    prefixBytes: number,
    stride: number,
    to: number,
  ): void;
  jsonSlotRows(indices: number, validity: number, rows: number, count: number): void;
  jsonLargest(values: number, rows: number): number;
  jsonPrepareCounts(
    prefix: number,
    prefixBytes: number,
    count: number,
    stride: number,
    to: number,
  ): void;
  jsonJoinSlots(
    a: number,
    strideA: number,
    countA: number,
    b: number,
    strideB: number,
    countB: number,
    stride: number,
    to: number,
  ): void;
  jsonJoinRows(a: number, b: number, rows: number, countB: number): void;
  jsonMarkZeros(values: number, rows: number, isMore: number, to: number): number;
}
