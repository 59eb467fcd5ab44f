/** What `assembly/avro/` exports, as the host sees it. */
export interface AvroExports {
  avroFaultIsNull(): boolean;
  avroFaultOp(): number;
  avroFaultRow(): number;
  avroPrepareCells(cells: number, values: number, offsets: number, count: number): void;
  avroWriteRows(
    ops: number,
    count: number,
    from: number,
    end: number,
    to: number,
    base: number,
    ends: number,
  ): number;
}
