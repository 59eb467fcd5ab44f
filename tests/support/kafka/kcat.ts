/**
 * `kcat`, a client of its own kind (librdkafka), to hold ours against.
 *
 * @module
 */
import { counterpart } from "../counterpart.ts";
import { run } from "./java.ts";

/** The program. */
export const kcat = counterpart({ program: "kcat", purpose: "write and read Kafka topics" });

/** A record as kcat reads it, key and value as text. */
export interface KcatRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When it was created, ms. */
  readonly ts: number;
  readonly key: string | null;
  /** `null`: a tombstone. */
  readonly payload: string | null;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
}

const READING: KcatSettings = {
  "check.crcs": "true",
  "isolation.level": "read_committed",
  "fetch.wait.max.ms": "20",
};

/** Settings of librdkafka, such as `{ "security.protocol": "ssl" }`. */
export type KcatSettings = Readonly<Record<string, string>>;

/** Runs kcat, fed with some bytes. @throws with what it said when it fails. */
export async function runKcat(
  bootstrap: string,
  args: readonly string[],
  { input = "", settings = {} }: {
    input?: string | Uint8Array<ArrayBuffer>;
    settings?: KcatSettings;
  } = {},
): Promise<string> {
  if (kcat.path === undefined) throw new Error(kcat.reason);
  const options = Object.entries(settings).flatMap(([name, value]) => ["-X", `${name}=${value}`]);
  return await run(kcat.path, ["-b", bootstrap, ...options, ...args], { input });
}

/**
 * Writes a record for each line: `key|value`, or a value alone.
 *
 * @param options `args`: more of kcat's, such as `-p 1`, `-z snappy`, `-H name=value`.
 */
export async function kcatProduce(
  bootstrap: string,
  topic: string,
  lines: readonly string[],
  { args = [], settings }: { args?: readonly string[]; settings?: KcatSettings } = {},
): Promise<void> {
  const keyed = lines.some((line) => line.includes("|")) ? ["-K", "|"] : [];
  await runKcat(bootstrap, ["-P", "-t", topic, "-Z", ...keyed, ...args], {
    input: lines.map((line) => `${line}\n`).join(""),
    settings,
  });
}

/**
 * Reads a topic from its start to its end, checksums checked.
 *
 * @param options `settings`: for instance `{ "isolation.level": "read_uncommitted" }`.
 */
export async function kcatConsume(
  bootstrap: string,
  topic: string,
  { args = [], settings = {} }: { args?: readonly string[]; settings?: KcatSettings } = {},
): Promise<KcatRecord[]> {
  const out = await runKcat(
    bootstrap,
    ["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J", ...args],
    { settings: { ...READING, ...settings } },
  );
  return out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
