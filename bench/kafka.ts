/**
 * Runs the benches of Kafka, all on one broker.
 *
 * Usage: `deno task bench:kafka [--json FILE]`. The broker is the one that `KAFKA_BOOTSTRAP` names, or
 * one that is started with all of Java's compilers; without Java the rows say that they were not run.
 *
 * @module
 */
import { startKafka } from "../tests/support/kafka/broker.ts";
import { kafka } from "../tests/support/kafka/kafka.ts";

const RUN = new URL("run.ts", import.meta.url).href;
const JAVA = ["-Xms512m", "-Xmx512m"];

async function runAll(bootstrap: string | undefined): Promise<number> {
  const map = Deno.env.get("WAGGLE_IMPORT_MAP");
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", ...(map ? [`--import-map=${map}`] : [])],
      ...["--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-sys", RUN],
      ...["kafka", ...Deno.args],
    ],
    env: bootstrap === undefined ? {} : { KAFKA_BOOTSTRAP: bootstrap },
    stdin: "null",
  }).spawn().status;
  return code;
}

async function main(): Promise<number> {
  const isGiven = Boolean(Deno.env.get("KAFKA_BOOTSTRAP"));
  const isQuestion = Deno.args.some((arg) => arg === "--help" || arg === "-h");
  if (isGiven || isQuestion || kafka.reason !== undefined) return await runAll(undefined);
  await using broker = await startKafka({ java: JAVA });
  return await runAll(broker.bootstrap);
}

Deno.exit(await main());
