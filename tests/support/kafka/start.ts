/**
 * Starts a broker to play with, until Ctrl-C: `deno task kafka [--port N] [--registry]`.
 *
 * @module
 */
import { startKafka } from "./broker.ts";
import { isFreePort } from "./free_port.ts";
import { programs } from "./java.ts";
import { KAFKA_VERSION } from "./jars.ts";
import { startRegistry } from "./registry.ts";

const LAST_PORT = 65_535;
const USAGE = "Usage: deno task kafka [--port NUMBER] [--registry]";

function parse(args: readonly string[]): { port?: number; registry: boolean } | undefined {
  const left = [...args];
  let port: number | undefined;
  let registry = false;
  while (left.length > 0) {
    const flag = left.shift();
    if (flag === "--registry") registry = true;
    else if (flag === "--port") port = Number(left.shift());
    else return undefined;
    if (port !== undefined && !(Number.isInteger(port) && port > 0 && port <= LAST_PORT)) return;
  }
  return port === undefined ? { registry } : { port, registry };
}

function interrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, resolve);
  return promise;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parse(args);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const found = programs();
  if ("reason" in found) {
    console.error(`Cannot start a broker: ${found.reason}`);
    return 1;
  }
  // What listens there already would answer in place of the broker that cannot
  if (options.port !== undefined && !isFreePort(options.port)) {
    console.error(
      `Cannot start a broker: something listens on 127.0.0.1:${options.port} already; ` +
        "end that, or name another port",
    );
    return 1;
  }
  const end = interrupted();
  console.error(`Starting Apache Kafka ${KAFKA_VERSION}; the first time it is fetched from Maven`);
  await using broker = await startKafka(options);
  console.log(`Kafka listens on ${broker.bootstrap}`);
  await using registry = options.registry ? await startRegistry() : undefined;
  if (registry !== undefined) console.log(`The schema registry is at ${registry.url}`);
  console.error("Ctrl-C ends it; what it holds goes with it");
  await end;
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
