/** What `assembly/json/` exports, as the host sees it. */
export interface JsonExports {
  jsonIndexFields(node: number): void;
  jsonRead(reader: number, rows: number): number;
}
