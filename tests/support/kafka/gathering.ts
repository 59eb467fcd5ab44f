/**
 * Members of a group, in this process, in others and in Java, and who has what.
 *
 * @module
 */
import { archivedKafka } from "./broker.ts";
import { JavaServer, neededPrograms } from "./java.ts";
import type { KafkaCluster } from "../../../src/kafka/driver/driver.ts";
import { GroupMember } from "../../../src/kafka/group/group_member.ts";
import type { GroupMemberOptions } from "../../../src/kafka/group/group_member_options.ts";
import { denoRuntime } from "../../../src/runtime/deno_runtime.ts";

/** What a member of another process says. */
export interface GroupEvent {
  readonly kind: "assigned" | "revoked" | "lost" | "failed";
  readonly partitions: readonly number[];
  readonly generation: number;
}

/** A member of a group on a real broker. */
export function realMember(
  options: Pick<GroupMemberOptions, "cluster" | "groupId" | "topics"> & Partial<GroupMemberOptions>,
  tell: (event: GroupEvent) => void,
): GroupMember {
  let current = -1;
  const member = new GroupMember({
    sessionTimeoutMs: 1500,
    rebalanceTimeoutMs: 5000,
    heartbeatMs: 200,
    metadataMs: 500,
    runtime: denoRuntime,
    onAssigned: (positions, generation) => {
      current = generation;
      const partitions = positions.map(({ partition }) => partition);
      tell({ kind: "assigned", partitions, generation });
    },
    onRevoked: (_, { lost }) =>
      tell({ kind: lost ? "lost" : "revoked", partitions: [], generation: current }),
    onError: (error) => {
      console.error(error);
      tell({ kind: "failed", partitions: [], generation: current });
    },
    ...options,
  });
  member.start();
  return member;
}

/** Who has what, as its members say. */
export class Gathering {
  readonly held = new Map<string, GroupEvent>();
  readonly wrong: string[] = [];
  #waiting: (() => void)[] = [];

  /** A member says something. */
  hear(name: string, event: GroupEvent): void {
    if (event.kind === "failed") this.wrong.push(`${name} failed`);
    if (event.kind === "assigned") this.held.set(name, event);
    else this.held.delete(name);
    for (const [other, { generation, partitions }] of this.held) {
      if (other === name || generation !== event.generation) continue;
      const both = partitions.filter((each) => event.partitions.includes(each));
      if (both.length > 0) this.wrong.push(`${name} and ${other} have ${both} in ${generation}`);
    }
    for (const look of [...this.#waiting]) look();
  }

  /** A member has gone without a word. */
  forget(name: string): void {
    this.held.delete(name);
  }

  /** Partitions that are held, in order. */
  get partitions(): number[] {
    return [...this.held.values()].flatMap(({ partitions }) => partitions).sort((a, b) => a - b);
  }

  /** Resolves when so many members of one generation hold so many partitions, each once. */
  async settled(members: number, partitions: number): Promise<void> {
    await this.when(() => {
      const generations = new Set([...this.held.values()].map(({ generation }) => generation));
      return this.held.size === members && generations.size === 1 &&
        this.partitions.join() === Array.from({ length: partitions }, (_, i) => i).join();
    }, `${members} members with ${partitions} partitions`);
  }

  /** Resolves when something is so. */
  async when(isSo: () => boolean, what: string): Promise<void> {
    if (isSo()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => isSo() && resolve();
    this.#waiting.push(look);
    const late = setTimeout(() => {
      const held = JSON.stringify([...this.held]);
      reject(new Error(`Waited in vain for ${what}: ${held} ${this.wrong.join("; ")}`));
    }, 20_000);
    try {
      await promise;
    } finally {
      clearTimeout(late);
      this.#waiting = this.#waiting.filter((each) => each !== look);
    }
  }
}

/** A member in a process of its own. */
export class ProcessMember implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #listening: Promise<void>;

  /** Starts one. */
  constructor(
    given: { bootstrap: string; groupId: string; topic: string },
    tell: (event: GroupEvent) => void,
  ) {
    const main = new URL("./group_main.ts", import.meta.url).pathname;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-lock", main, JSON.stringify(given)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#listening = this.#listen(tell);
  }

  /** Ends it by kill -9. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended();
  }

  /** Lets it leave. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close().catch(() => {});
    await this.#ended();
  }

  async #listen(tell: (event: GroupEvent) => void): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) tell(JSON.parse(line));
    }
  }

  async #ended(): Promise<void> {
    await this.#process.status;
    await this.#listening;
    await this.#process.stdin.close().catch(() => {});
  }
}

/** Runs a member until its input ends. */
export async function memberMain(
  cluster: KafkaCluster,
  { groupId, topic }: { groupId: string; topic: string },
): Promise<void> {
  const say = (event: GroupEvent) => console.log(JSON.stringify(event));
  await using _member = realMember({ cluster, groupId, topics: [topic] }, say);
  await Array.fromAsync(Deno.stdin.readable);
}

/** Java's console consumer as a member of a group. */
export class JavaMember implements AsyncDisposable {
  readonly #server: JavaServer;
  readonly #folder: string;

  private constructor(server: JavaServer, folder: string) {
    this.#server = server;
    this.#folder = folder;
  }

  /**
   * Starts one.
   *
   * @param options `settings`: the consumer's, such as `partition.assignment.strategy`.
   */
  static async start(
    { bootstrap, groupId, topic, settings = {} }: {
      bootstrap: string;
      groupId: string;
      topic: string;
      settings?: Readonly<Record<string, string>>;
    },
  ): Promise<JavaMember> {
    const { jars, archive } = await archivedKafka();
    const folder = await Deno.makeTempDir({ prefix: "waggle-member-" });
    const server = new JavaServer(neededPrograms().java, [
      ...["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"],
      ...[`-XX:SharedArchiveFile=${archive}`, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"],
      ...["-cp", `${jars}/libs/*`, "org.apache.kafka.tools.consumer.ConsoleConsumer"],
      ...["--bootstrap-server", bootstrap, "--topic", topic, "--group", groupId],
      "--from-beginning",
      ...["--formatter-property", "print.partition=true"],
      ...Object.entries(settings).flatMap(([name, value]) => [
        "--command-property",
        `${name}=${value}`,
      ]),
    ], { folder });
    return new JavaMember(server, folder);
  }

  /** Resolves when it has printed records of some partitions, and of no others. */
  async read(value: string, partitions: readonly number[]): Promise<void> {
    const wanted = partitions.map((each) => `Partition:${each}\t${value}`).sort().join();
    await this.#server.ready(async () => {
      const lines = (await this.#server.log()).split("\n");
      return lines.filter((line) => line.endsWith(value)).sort().join() === wanted;
    }, { timeoutMs: 20_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.end("SIGTERM");
    await Deno.remove(this.#folder, { recursive: true }).catch(() => {});
  }
}
