/** What `assembly/csv/` exports, as the host sees it. */
export interface CsvExports {
  csvDecode(
    context: number,
    from: number,
    to: number,
    final: boolean,
    first: number,
    mostRows: number,
    mostBytes: number,
  ): number;
  csvCutBegin(state: number): void;
  csvCut(dialect: number, state: number, from: number, to: number, first: boolean): number;
  csvWrite(
    context: number,
    columns: number,
    count: number,
    from: number,
    rows: number,
    to: number,
    end: number,
  ): number;
}
