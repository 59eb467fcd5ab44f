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
}
