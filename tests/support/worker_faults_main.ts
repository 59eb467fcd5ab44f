/**
 * Runs streams whose functions damage their workers, and prints what came of each. A process of
 * its own, because a thread that hangs keeps its process alive.
 *
 * Arguments: a JSON array of {@linkcode FaultCase}.
 */
import { HiveStream, isErrorRecord } from "@waggle/stream";
import type { Fault, FaultyRecord } from "./faulty_functions.ts";

/** Streams that run at the same time: most of theirs is waiting for the fault to be noticed. */
const AT_ONCE = 6;

/** One stream with one faulty record. */
export interface FaultCase {
  readonly fault: Fault;
  readonly at: number;
  readonly records: number;
  readonly workers: number;
  readonly ordered: "key" | "all" | false;
  readonly recordTimeout: string;
}

/** What came of it. */
export interface FaultOutcome {
  /** The record's number behind each result or error record, in order of arrival. */
  readonly numbers: number[];
  readonly errors: { readonly n: number; readonly name: string; readonly message: string }[];
  readonly lostBees: number;
}

async function run(
  { fault, at, records, workers, ordered, recordTimeout }: FaultCase,
): Promise<FaultOutcome> {
  const stream = new HiveStream<FaultyRecord, number>({ workers, ordered, recordTimeout });
  await stream.start({
    module: new URL("./faulty_functions.ts", import.meta.url),
    export: "faulty",
  });
  for (let n = 0; n < records; n++) {
    await stream.submit(`key ${n % 9}`, { n, fault: n === at ? fault : "none" });
  }
  const { lostBees } = await stream.stop();
  const numbers: number[] = [];
  const errors: FaultOutcome["errors"] = [];
  for await (const { result } of stream) {
    if (isErrorRecord(result)) {
      const { n } = result.record as FaultyRecord;
      errors.push({ n, ...result.error });
      numbers.push(n);
    } else numbers.push(result as number);
  }
  return { numbers, errors, lostBees };
}

if (import.meta.main) {
  const cases = JSON.parse(Deno.args[0]) as FaultCase[];
  const outcomes: FaultOutcome[] = [];
  for (let at = 0; at < cases.length; at += AT_ONCE) {
    outcomes.push(...await Promise.all(cases.slice(at, at + AT_ONCE).map(run)));
  }
  console.log(JSON.stringify(outcomes));
  Deno.exit(0);
}
