/**
 * Java's clients, to write what others have to read, and the other way round.
 *
 * @module
 */
import { archivedKafka } from "./broker.ts";
import { madeOf } from "./jars.ts";
import { neededPrograms, run } from "./java.ts";

const QUICK = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
const QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";

/** A record as Java wrote it or read it. */
export interface JavaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When it was created, ms. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
}

/** What `KafkaCases.java` can write, each to a topic that is there already. */
export type JavaCase =
  | `codec-${"none" | "gzip" | "snappy" | "lz4" | "zstd"}`
  | "shapes"
  | "interleaved"
  | "two-aborts"
  | "key-zero"
  | "spanning"
  | "compacted"
  | "many"
  | "read"
  | "read-uncommitted";

function bytesOf(text: string | null): Uint8Array | null {
  return text === null ? null : Uint8Array.fromBase64(text);
}

function recordOf(line: string): JavaRecord {
  const { key, value, headers, ...place } = JSON.parse(line);
  const name = (text: string) => new TextDecoder().decode(Uint8Array.fromBase64(text));
  return {
    ...place,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map(([n, v]: [string, string | null]) => [name(n), bytesOf(v)]),
  };
}

/** The program, compiled once for each text of it. */
async function compiled(jars: string): Promise<string> {
  const source = new URL("KafkaCases.java", import.meta.url).pathname;
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(source));
  const hash = new Uint8Array(digest).toHex().slice(0, 16);
  return await madeOf(jars, async (folder) => {
    const compiler = ["-m", "jdk.compiler/com.sun.tools.javac.Main", "-d", folder];
    const libraries = Array.from(Deno.readDirSync(`${jars}/libs`), ({ name }) => name);
    const path = libraries.map((name) => `${jars}/libs/${name}`).join(":");
    await run(neededPrograms().java.program, [...compiler, "-cp", path, source]);
  }, `-cases-${hash}`);
}

async function runTool(
  main: string,
  args: readonly string[],
  { input, folders = [], options = QUICK }: {
    input?: string;
    folders?: readonly string[];
    options?: readonly string[];
  } = {},
): Promise<string> {
  const { jars, archive } = await archivedKafka();
  const path = [`${jars}/libs/*`, ...folders].join(":");
  return await run(
    neededPrograms().java.program,
    [...options, `-XX:SharedArchiveFile=${archive}`, QUIET, "-cp", path, main, ...args],
    { input },
  );
}

/**
 * Has Java write cases to topics, or read these (read committed, from start to end, checksums
 * checked).
 *
 * @returns the records that were committed, and those that were read.
 */
export async function javaCases(
  bootstrap: string,
  cases: readonly (readonly [name: JavaCase, topic: string])[],
): Promise<JavaRecord[]> {
  const { jars } = await archivedKafka();
  const folders = [await compiled(jars)];
  const out = await runTool("KafkaCases", [bootstrap, ...cases.flat()], { folders });
  return out.split("\n").filter((line) => line !== "").map(recordOf);
}

/** A record as the console consumer prints it, as text. */
export interface ConsoleRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly headers: string;
  readonly key: string;
  readonly value: string;
}

const FIELD = "\u0001";
const RECORD = "\u0002";

/**
 * What Java's console consumer prints of a topic: the first `count` records, read committed. It
 * writes `null` for no key, no value and no headers, `name:value,…` for headers.
 */
export async function consoleConsume(
  bootstrap: string,
  topic: string,
  count: number,
): Promise<ConsoleRecord[]> {
  const properties = {
    "print.timestamp": "true",
    "print.partition": "true",
    "print.offset": "true",
    "print.headers": "true",
    "print.key": "true",
    "key.separator": FIELD,
    "line.separator": RECORD,
  };
  const out = await runTool("org.apache.kafka.tools.consumer.ConsoleConsumer", [
    ...["--bootstrap-server", bootstrap, "--topic", topic, "--from-beginning"],
    ...["--max-messages", String(count), "--isolation-level", "read_committed"],
    ...["--timeout-ms", "20000", "--command-property", "check.crcs=true"],
    ...Object.entries(properties).flatMap(([name, value]) => [
      "--formatter-property",
      `${name}=${value}`,
    ]),
  ]);
  return out.split(RECORD).slice(0, -1).map((line) => {
    const [time, partition, offset, headers, key, value] = line.split(FIELD);
    const number = (field: string) => Number(field.split(":")[1]);
    return {
      timestamp: number(time),
      partition: number(partition),
      offset: number(offset),
      headers: headers.replace(/^(NO_HEADERS|Headers:)/, ""),
      key,
      value,
    };
  });
}

/** Has Java's console producer write lines: `key<tab>value`. */
export async function consoleProduce(
  bootstrap: string,
  topic: string,
  lines: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  await runTool("org.apache.kafka.tools.ConsoleProducer", [
    ...["--bootstrap-server", bootstrap, "--topic", topic, "--reader-property", "parse.key=true"],
    ...Object.entries(settings).flatMap(([name, value]) => [
      "--command-property",
      `${name}=${value}`,
    ]),
  ], { input: lines.map((line) => `${line}\n`).join("") });
}

/** What a run of Java's perf tests has measured. */
export interface Rate {
  readonly records: number;
  readonly recordsPerSecond: number;
}

/** Java as its users have it: with all its compilers. */
const FULL = ["-Xms256m", "-Xmx512m"];

/**
 * Java's producer perf test.
 *
 * @param options `settings`: the producer's, such as `{ "batch.size": "262144" }`; `payloads`:
 *   lines that are sent at random, in the place of random letters; `transactionMs`: commits as often.
 */
export async function javaProducerPerf(
  bootstrap: string,
  topic: string,
  { records, recordBytes = 100, payloads, settings = {}, transactionMs }: {
    records: number;
    recordBytes?: number;
    payloads?: readonly string[];
    settings?: Readonly<Record<string, string>>;
    transactionMs?: number;
  },
): Promise<Rate> {
  const file = payloads && await Deno.makeTempFile({ prefix: "payloads" });
  if (file) await Deno.writeTextFile(file, payloads.map((line) => `${line}\n`).join(""));
  const payload = file ? ["--payload-file", file] : ["--record-size", String(recordBytes)];
  const out = await runTool("org.apache.kafka.tools.ProducerPerformance", [
    ...["--topic", topic, "--num-records", String(records), "--throughput", "-1"],
    ...[...payload, "--bootstrap-server", bootstrap],
    ...(transactionMs === undefined
      ? []
      : ["--transaction-duration-ms", String(transactionMs), "--transactional-id", topic]),
    ...Object.entries(settings).flatMap(([name, value]) => [
      "--command-property",
      `${name}=${value}`,
    ]),
  ], { options: FULL });
  if (file) await Deno.remove(file);
  const last = out.trimEnd().split("\n").at(-1)!;
  const found = /^(\d+) records sent, ([\d.]+) records\/sec/.exec(last);
  if (found === null) throw new Error(`Cannot read what the producer perf test printed: ${out}`);
  return { records: Number(found[1]), recordsPerSecond: Number(found[2]) };
}

/** Java's consumer perf test: reads a topic from its start. The rate is that of fetching alone. */
export async function javaConsumerPerf(
  bootstrap: string,
  topic: string,
  { records, settings = {} }: { records: number; settings?: Readonly<Record<string, string>> },
): Promise<Rate> {
  const out = await runTool("org.apache.kafka.tools.ConsumerPerformance", [
    ...["--bootstrap-server", bootstrap, "--topic", topic, "--num-records", String(records)],
    ...["--group", `${topic}-${crypto.randomUUID()}`, "--timeout", "20000"],
    ...Object.entries(settings).flatMap(([name, value]) => [
      "--command-property",
      `${name}=${value}`,
    ]),
  ], { options: FULL });
  const lines = out.trimEnd().split("\n").map((line) => line.split(",").map((cell) => cell.trim()));
  const names = lines.find(([first]) => first === "start.time");
  const cells = lines.at(-1)!;
  const at = (name: string) => Number(cells[names?.indexOf(name) ?? -1]);
  const [read, rate] = [at("data.consumed.in.nMsg"), at("fetch.nMsg.sec")];
  if (!(read > 0) || !(rate > 0)) {
    throw new Error(`Cannot read what the consumer perf test printed: ${out}`);
  }
  return { records: read, recordsPerSecond: rate };
}
