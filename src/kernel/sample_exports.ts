/** What the kernel exports for fitting and sampling generators. */
export interface SampleExports {
  sampleSeeds(
    seedLow: number,
    seedHigh: number,
    blockLow: number,
    blockHigh: number,
    stream: number,
    to: number,
  ): void;
  sampleRandom(seeds: number, to: number, count: number): void;
  sampleAlias(
    weights: number,
    tables: number,
    outcomes: number,
    bits: number,
    to: number,
    work: number,
  ): void;
  sampleDraw(
    seeds: number,
    rows: number,
    parents: number,
    tables: number,
    bits: number,
    known: number,
    keep: number,
    to: number,
  ): void;
  sampleValues(random: number, rows: number, symbols: number, records: number, to: number): void;
  sampleLookup(
    random: number,
    rows: number,
    first: number,
    second: number,
    width: number,
    entries: number,
    choices: number,
    to: number,
  ): void;
  sampleNumbers(
    seeds: number,
    rows: number,
    symbols: number,
    knots: number,
    bits: number,
    whole: number,
    scale: number,
    added: number,
    to: number,
  ): void;
  sampleInts(
    seeds: number,
    rows: number,
    symbols: number,
    knots: number,
    bits: number,
    whole: number,
    scale: number,
    added: number,
    low: number,
    high: number,
    to: number,
  ): void;
  sampleGather(rows: number, positions: number, values: number, to: number): void;
  sampleStore(
    rows: number,
    values: number,
    kind: number,
    divisor: number,
    low: number,
    high: number,
    to: number,
  ): void;
  sampleValid(rows: number, symbols: number, none: number, to: number): number;
  samplePositions(rows: number, symbols: number, none: number, to: number): void;
  sampleFirsts(rows: number, symbols: number, firsts: number, to: number): void;
  samplePresent(rows: number, positions: number, to: number): number;
  sampleBools(rows: number, positions: number, to: number): void;
  sampleTextEnds(rows: number, positions: number, offsets: number, to: number): number;
  sampleTexts(rows: number, positions: number, offsets: number, bytes: number, to: number): void;
  sampleNormals(random: number, rows: number, to: number): void;
  sampleCopula(
    rows: number,
    normals: number,
    weights: number,
    count: number,
    limits: number,
    bits: number,
    to: number,
  ): void;
  sampleTree(
    random: number,
    rows: number,
    nodes: number,
    bits: number,
    scratch: number,
    to: number,
  ): void;
  circuitProduct(from: number, weights: number, to: number, rows: number, bytes: number): void;
  circuitOuter(up: number, below: number, counts: number, rows: number, bytes: number): void;
  circuitUp(
    records: number,
    variables: number,
    states: number,
    prior: number,
    from: number,
    logs: number,
  ): void;
  circuitDown(
    records: number,
    variables: number,
    states: number,
    from: number,
    weights: number,
  ): void;
}
