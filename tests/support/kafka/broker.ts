/**
 * A real Apache Kafka of one node, on 127.0.0.1, for tests and benches.
 *
 * @module
 */
import { type Certificates, makeCertificates } from "./certificates.ts";
import { freePort } from "./free_port.ts";
import { JavaServer, neededPrograms, run } from "./java.ts";
import { kafkaJars, madeOf } from "./jars.ts";
import { type ListenerName, type Listeners, listenersOf, SCRAM, SETTINGS } from "./settings.ts";
import { answersMetadata } from "./wire.ts";

const CLUSTER_ID = "waggleWaggleWaggleWagg";
const STARTS = 3;

/** Options of {@linkcode startKafka}. */
export interface KafkaOptions {
  /** Listeners beside the plain one. */
  readonly listeners?: readonly ListenerName[];
  /**
   * A port of this machine that a listener of its own, at `listeners.proxied`, gives out as its
   * address: of a proxy that stands before it.
   */
  readonly advertised?: number;
  /** Settings of the broker, beside and before those of `settings.ts`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Settings of the Java, such as `-Xmx1g`. Default: little memory, and compiled quickly. */
  readonly java?: readonly string[];
  /** Its port. Default: a free one. */
  readonly port?: number;
}

const SMALL = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** Writes what a first start needs: the cluster's id, and those who log in with SCRAM. */
async function format(
  folder: string,
  properties: string,
  jars: string,
  archive: readonly string[],
) {
  await Deno.writeTextFile(`${folder}/server.properties`, properties);
  const tool = ["-cp", `${jars}/libs/*`, "kafka.tools.StorageTool", "format"];
  const users = SCRAM.flatMap((user) => ["--add-scram", user]);
  const { java } = neededPrograms();
  await run(java.program, [
    ...[...archive, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...tool, "-t", CLUSTER_ID],
    ...["-c", `${folder}/server.properties`, ...users],
  ]);
}

function propertiesOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings).map(([name, value]) =>
    `${name}=${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`
  ).join("");
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Apache Kafka's jars, and the archive of classes that makes all that runs on them start sooner. */
export async function archivedKafka(): Promise<{ jars: string; archive: string }> {
  const { jars, archive } = await prepared();
  return { jars, archive };
}

/** What all brokers of a machine start from: a formatted folder, and an archive of loaded classes. */
async function prepared(): Promise<{ jars: string; formatted: string; archive: string }> {
  const jars = await kafkaJars();
  const made = await madeOf(jars, async (folder) => {
    const { settings, port } = plan({}, `${folder}/formatted`);
    const properties = propertiesOf(settings);
    await format(folder, properties, jars, []);
    await copy(`${folder}/formatted`, `${folder}/data`);
    await Deno.writeTextFile(
      `${folder}/server.properties`,
      propertiesOf({ ...settings, "log.dirs": `${folder}/data` }),
    );
    const server = launch(folder, jars, [
      ...SMALL,
      `-XX:ArchiveClassesAtExit=${folder}/classes.jsa`,
    ]);
    await server.ready(() => answersMetadata(port));
    await server.end("SIGTERM");
    await Deno.remove(`${folder}/data`, { recursive: true });
  });
  return { jars, formatted: `${made}/formatted`, archive: `${made}/classes.jsa` };
}

function launch(folder: string, jars: string, options: readonly string[]): JavaServer {
  const properties = `${folder}/server.properties`;
  const args = [...options, "-cp", `${jars}/libs/*`, "kafka.Kafka", properties];
  return new JavaServer(neededPrograms().java, args, { folder });
}

function plan(options: KafkaOptions, data: string, certificates?: Certificates) {
  const port = options.port ?? freePort();
  const controller = freePort();
  const listeners = listenersOf(port, options, certificates);
  const settings = {
    ...SETTINGS,
    ...listeners.settings(controller),
    "log.dirs": data,
    ...options.config,
  };
  return { port, listeners: listeners.ports, settings };
}

/** A broker. */
export class KafkaBroker implements AsyncDisposable {
  /** Its address, without encryption and login. */
  readonly bootstrap: string;
  /** The ports of its listeners, `plain` first. */
  readonly ports: Listeners;
  /** What clients need to trust those that encrypt; there when one does. */
  readonly certificates?: Certificates;
  readonly #folder: string;
  readonly #launch: () => JavaServer;
  #server: JavaServer;

  private constructor(
    folder: string,
    ports: Listeners,
    launch: () => JavaServer,
    certificates?: Certificates,
  ) {
    this.#folder = folder;
    this.ports = ports;
    this.bootstrap = `127.0.0.1:${ports.plain}`;
    this.#launch = launch;
    this.#server = launch();
    if (certificates !== undefined) this.certificates = certificates;
  }

  /** Starts one; with other ports when another program was faster to take them. */
  static async start(options: KafkaOptions = {}): Promise<KafkaBroker> {
    for (let left = STARTS - 1;; left--) {
      try {
        return await KafkaBroker.#start(options);
      } catch (error) {
        const isTaken = String(error).includes("Address already in use");
        if (!isTaken || left === 0 || options.port !== undefined) throw error;
      }
    }
  }

  static async #start(options: KafkaOptions): Promise<KafkaBroker> {
    const { jars, formatted, archive } = await prepared();
    const folder = await Deno.makeTempDir({ prefix: "waggle_kafka_" });
    const encrypts = options.listeners?.some((name) => name !== "sasl");
    const certificates = encrypts ? await makeCertificates(folder) : undefined;
    const { listeners, settings } = plan(options, `${folder}/data`, certificates);
    await copy(formatted, `${folder}/data`);
    await Deno.writeTextFile(`${folder}/server.properties`, propertiesOf(settings));
    const args = [...(options.java ?? SMALL), `-XX:SharedArchiveFile=${archive}`];
    const broker = new KafkaBroker(
      folder,
      listeners,
      () => launch(folder, jars, args),
      certificates,
    );
    try {
      await broker.#ready();
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
    return broker;
  }

  /** The process. */
  get pid(): number {
    return this.#server.pid;
  }

  /** Whether it runs. */
  get isRunning(): boolean {
    return this.#server.isRunning;
  }

  /** Ends it at once, as by `kill -9`. */
  async kill(): Promise<void> {
    await this.#server.end("SIGKILL");
  }

  /** Ends it politely: it says good-bye and closes its files. */
  async stop(): Promise<void> {
    await this.#server.end("SIGTERM");
  }

  /** Starts it with the same ports and data; stops it before when it runs. */
  async restart(): Promise<void> {
    if (this.#server.isRunning) await this.stop();
    this.#server = this.#launch();
    await this.#ready();
  }

  /** The end of what it has logged. */
  async log(): Promise<string> {
    return await this.#server.log();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #ready(): Promise<void> {
    await this.#server.ready(() => answersMetadata(this.ports.plain));
  }
}

/** Starts a broker. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  return await KafkaBroker.start(options);
}
