import { assert, assertEquals } from "@std/assert";
import { csv, type DataType, ndjson, type PipelineOptions, type Source } from "../../mod.ts";
import type { TypedSchema } from "../../src/batch/schema.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import { type CaseRow, type PipelineCase, randomPipelineCase } from "./pipeline_case.ts";
import { Random } from "./random.ts";
import { assertCase, type CaseRun, runSource } from "./run_case.ts";
import { breakBees, randomOptions } from "./simulated_case.ts";

const FORMATS = ["ndjson", "csv"] as const;
const WRITABLE = new Set(["utf8", "dict", "i32", "i64", "bool", "timestamp", "date"]);
const PATH = "rows.txt";

/** A case as a file, with lines that are no rows among the others. */
export interface BlockCase {
  readonly given: PipelineCase;
  readonly bytes: Uint8Array;
  readonly badLines: readonly number[];
  readonly source: () => Source;
}

function caseOf(random: Random, rows: number | undefined): PipelineCase {
  while (true) {
    const given = randomPipelineCase(random, rows ?? random.pick([0, 20, 300, 1000]));
    const kinds = given.schema.fields.map(({ type: { kind } }) => kind);
    // A time like any other number would be the only column that is null at times.
    if (
      given.schema.fields.every(({ name, type }) => name === "value" || WRITABLE.has(type.kind))
    ) {
      if (kinds.length > 0) return given;
    }
  }
}

function jsonValue(value: unknown): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

function csvValue(value: unknown, { kind }: DataType): string {
  if (value === null) return "";
  if (kind === "timestamp") return new Date(value as number).toISOString();
  if (kind === "date") return new Date(86_400_000 * (value as number)).toISOString().slice(0, 10);
  return kind === "utf8" || kind === "dict" ? `"${value}"` : String(value);
}

function lineOf(row: CaseRow, { schema }: PipelineCase, format: "ndjson" | "csv"): string {
  const values = schema.fields.map(({ name, type }) => ({ name, type, value: row[name] }));
  if (format === "csv") return values.map(({ value, type }) => csvValue(value, type)).join(",");
  const texts = values.map(({ name, value }) => `${JSON.stringify(name)}:${jsonValue(value)}`);
  return `{${texts.join(",")},"unasked":{"a":[1,"}"]}}`;
}

/** How large a case is; absent: at random. */
export interface BlockSizes {
  /** Rows, at most. */
  readonly rows?: number;
  readonly blockBytes?: number;
}

/** A random case, its rows in a file. */
export function randomBlockCase(random: Random, { rows, blockBytes }: BlockSizes = {}): BlockCase {
  const format = random.pick(FORMATS);
  const given = caseOf(random, rows);
  const end = random.pick(["\n", "\r\n"]);
  const lines: string[] = [];
  const badLines: number[] = [];
  const isClean = random.chance(0.5);
  if (format === "csv") lines.push(given.schema.fields.map(({ name }) => name).join(","));
  for (const row of given.rows) {
    if (!isClean && random.chance(0.02)) lines.push("");
    if (!isClean && random.chance(0.03)) {
      badLines.push(lines.push(format === "csv" ? "nothing" : '{"at":"nothing"'));
    }
    lines.push(lineOf(row, given, format));
  }
  const bytes = new TextEncoder().encode(lines.join(end) + random.pick(["", end]));
  const schema = given.schema as TypedSchema<Record<string, unknown>>;
  const options = {
    schema,
    maxRecordBytes: 300,
    batchRows: random.pick([1, 10, 8192]),
    blockBytes: blockBytes ?? random.pick([1, 2000, 16_384, 1 << 20]),
  };
  const source = () =>
    format === "csv" ? csv(PATH, options) : ndjson(PATH, { ...options, extraKeys: "ignore" });
  return { given, bytes, badLines, source };
}

/** Runs the case of a seed in a simulation. */
export async function simulateBlocks(
  seed: number,
  { faults = false, options = {}, sizes }: {
    faults?: boolean;
    options?: PipelineOptions;
    sizes?: BlockSizes;
  } = {},
): Promise<
  { readonly block: BlockCase; readonly run: CaseRun; readonly trace: readonly string[] }
> {
  const random = new Random(seed);
  const block = randomBlockCase(random, sizes);
  const runtime = new SimulatedRuntime({ seed, files: new Map([[PATH, block.bytes]]) });
  const given: PipelineOptions = { ...randomOptions(random), ...options, runtime };
  const run = await runtime.drive(() => {
    if (faults) breakBees(runtime, random);
    const policy = given.badRecords ? {} : { badRecords: "skip" as const };
    return runSource(block.given, block.source(), { ...given, ...policy });
  });
  return { block, run, trace: runtime.trace };
}

/** Holds a run over blocks equal to the oracle, its bad lines counted apart. */
export function assertBlocks({ given, badLines, bytes }: BlockCase, run: CaseRun): void {
  const { skipped, deadLettered, recordsIn, bytesRead, bytesTotal } = run.metrics;
  assertEquals(skipped + deadLettered, badLines.length);
  assert(bytesRead === bytes.length && bytesTotal === bytes.length);
  assertCase(given, {
    ...run,
    metrics: { ...run.metrics, recordsIn: recordsIn - skipped - deadLettered },
  });
}
