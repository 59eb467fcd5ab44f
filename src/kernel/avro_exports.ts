/** What `assembly/avro/` exports, as the host sees it. */
export interface AvroExports {
  avroFaultIsNull(): boolean;
  avroFaultOp(): number;
  avroFaultRow(): number;
  avroPrepareCells(cells: number, values: number, offsets: number, count: number): void;
  avroReadDetail(): bigint;
  avroReadFault(): number;
  avroReadFaultAt(): number;
  avroReadFaultOp(): number;
  avroReadMessages(
    ops: number,
    count: number,
    sink: number,
    columns: number,
    base: number,
    starts: number,
    lengths: number,
    message: number,
    messages: number,
    prefix: number,
    takesNulls: boolean,
    row: number,
    mostBytes: number,
  ): number;
  avroReadRows(
    ops: number,
    count: number,
    sink: number,
    columns: number,
    from: number,
    end: number,
    row: number,
    rows: number,
    mostBytes: number,
  ): number;
  avroRecordAt(): number;
  avroRecordEnd(): number;
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
