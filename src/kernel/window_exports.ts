/** The exports that windows are made with; see the sources in `assembly/window/`. */
export interface WindowExports {
  tableCreate(
    size: number,
    offset: number,
    lateness: number,
    mode: number,
    stateBytes: number,
    parts: number,
  ): number;
  tableFree(table: number): void;
  tableInitial(table: number): number;
  tableParts(table: number): number;
  tableCount(table: number): number;
  tableGroups(table: number): number;
  tableBytes(table: number): number;
  tableHolds(table: number, rows: number, keyBytes: number, map: number): number;
  tableStart(table: number, index: number): number;
  tableSkipped(table: number, index: number): number;
  tableBelated(table: number): number;
  tableRank(table: number, start: number): number;
  tableKinds(table: number, count: number): number;
  tableShape(table: number, span: number, origin: number, slide: number, step: number): void;
  tableDue(table: number, watermark: number): number;
  tableDrop(table: number, count: number): void;
  tableClear(table: number): void;
  beginTimes(table: number, watermark: number, bound: number): void;
  lateRows(table: number): number;
  untimedRows(table: number): number;
  outsideRows(table: number): number;
  lateOfKind(table: number, kind: number): number;
  outsideOfKind(table: number, kind: number): number;
  leastTime(table: number): number;
  greatestTime(table: number): number;
  watermark(table: number): number;
  newDictionary(table: number): void;
  findStates(
    table: number,
    columns: number,
    keys: number,
    count: number,
    out: number,
    pieces: number,
  ): number;
  countRows(states: number, count: number): void;
  updateStates(
    column: number,
    layout: number,
    states: number,
    count: number,
    times: number,
    order: number,
    partition: number,
    rows: boolean,
  ): void;
  updatePair(
    x: number,
    y: number,
    layout: number,
    states: number,
    count: number,
    times: number,
    order: number,
    partition: number,
  ): void;
  addRows(
    table: number,
    columns: number,
    keys: number,
    values: number,
    count: number,
    layouts: number,
    states: number,
    order: number,
    partition: number,
  ): number;
  updateByIndex(
    column: number,
    layout: number,
    states: number,
    count: number,
    indices: number,
    pieces: number,
    left: number,
  ): void;
  endByIndex(layout: number): void;
  addByIndex(
    table: number,
    columns: number,
    count: number,
    layout: number,
    states: number,
    pieces: number,
  ): number;
  frontRoom(at: number, bytes: number): void;
  frontServed(): number;
  hashRows(table: number, columns: number, keys: number, count: number, out: number): number;
  routeRows(
    table: number,
    columns: number,
    keys: number,
    count: number,
    ownerOf: number,
    counts: number,
    out: number,
  ): number;
  listRows(owners: number, count: number, base: number, cursors: number, out: number): void;
  measureWindow(table: number, index: number, ownerOf: number, owner: number): number;
  measuredRecords(): number;
  beginWrite(table: number, index: number): void;
  writeRecords(table: number, ownerOf: number, owner: number, to: number, room: number): number;
  findRecords(
    table: number,
    start: number,
    skipped: number,
    from: number,
    bytes: number,
    out: number,
    most: number,
  ): number;
  recordsFound(): number;
  mergeRecords(
    table: number,
    layouts: number,
    values: number,
    from: number,
    states: number,
    count: number,
  ): number;
  nextWaiting(table: number, from: number, kind: number): number;
  addSlice(
    table: number,
    index: number,
    kind: number,
    directory: number,
    layouts: number,
    values: number,
  ): number;
  stackSlice(
    table: number,
    index: number,
    kind: number,
    directory: number,
    layouts: number,
    values: number,
  ): number;
  collectSlice(
    table: number,
    index: number,
    results: number,
    end: number,
    layouts: number,
    values: number,
  ): number;
  leaveSlices(table: number, from: number, to: number, kind: number): void;
  putWindow(
    directory: number,
    results: number,
    end: number,
    layouts: number,
    values: number,
  ): number;
  sortWindow(table: number, index: number): number;
  findOverflow(table: number, index: number, at: number): number;
  gatherWords(table: number, from: number, count: number, out: number): void;
  gatherResults(
    table: number,
    from: number,
    count: number,
    what: number,
    at: number,
    nulls: number,
    out: number,
    valid: number,
  ): number;
  gatherKeys(
    table: number,
    from: number,
    count: number,
    part: number,
    out: number,
    valid: number,
  ): number;
  gatherEnds(
    table: number,
    from: number,
    count: number,
    part: number,
    start: number,
    out: number,
    valid: number,
  ): number;
  gatherBytes(
    table: number,
    from: number,
    count: number,
    part: number,
    out: number,
  ): number;
}
