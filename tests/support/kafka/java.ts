/**
 * Java and Maven, and programs that run on them.
 *
 * @module
 */
import { counterpart, type CounterpartEnv } from "../counterpart.ts";

const VIRTUAL_MACHINES = "/usr/lib/jvm";
const LEAST_VERSION = 17;
const PURPOSE = "start an Apache Kafka";
const LOG_CHARACTERS_SHOWN = 4_000;

/** Where Debian keeps Javas; those beside the default one are not on the path. */
function debianFolders(machines: string): string[] {
  try {
    return Array.from(Deno.readDirSync(machines), ({ name }) => `${machines}/${name}/bin`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function versionOf(java: string): string | undefined {
  const { stderr } = new Deno.Command(java, { args: ["-version"], stdout: "null" }).outputSync();
  return /version "([^"]+)"/.exec(new TextDecoder().decode(stderr))?.[1];
}

function findJava(env: CounterpartEnv, machines: string): Java | string {
  const path = [env.PATH ?? "", ...debianFolders(machines)].join(":");
  let reason: string | undefined;
  for (const folder of path.split(":")) {
    const { path: program, reason: why } = counterpart({
      program: "java",
      debianPackage: "default-jre-headless",
      purpose: PURPOSE,
      env: { ...env, PATH: folder },
    });
    if (program === undefined) {
      reason ??= why;
      continue;
    }
    const version = versionOf(program);
    if (version !== undefined && parseInt(version) >= LEAST_VERSION) return { program, version };
    reason = `java ${version} is installed, and ${LEAST_VERSION} or later (Debian package ` +
      `default-jre-headless) is needed to ${PURPOSE}`;
  }
  return reason!;
}

/** A Java of this machine. */
export interface Java {
  /** The path of the executable. */
  readonly program: string;
  /** Such as `17.0.15`. */
  readonly version: string;
}

/** The programs that a broker needs, or why it cannot be started. */
export type Programs = { readonly java: Java; readonly maven: string } | {
  readonly reason: string;
};

/** Looks for Java and Maven. */
export function findPrograms(
  env: CounterpartEnv = Deno.env.toObject(),
  machines: string = VIRTUAL_MACHINES,
): Programs {
  const { path: maven, reason } = counterpart({
    program: "mvn",
    debianPackage: "maven",
    purpose: PURPOSE,
    env,
  });
  const java = findJava(env, machines);
  if (typeof java === "string") return { reason: java };
  return maven === undefined ? { reason: reason! } : { java, maven };
}

let found: Programs | undefined;

/** The programs of this machine, looked for once. */
export function programs(): Programs {
  return found ??= findPrograms();
}

/** Java and Maven of this machine. @throws when one is not there. */
export function neededPrograms(): { readonly java: Java; readonly maven: string } {
  const found = programs();
  if ("reason" in found) throw new Error(found.reason);
  return found;
}

/** Runs a program to its end. @throws with all that it printed when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, input = "" }: { cwd?: string; input?: string | Uint8Array<ArrayBuffer> } = {},
): Promise<string> {
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { LC_ALL: "C.UTF-8" },
  }).spawn();
  // One that ends before it has read all says why by itself.
  const fed = new Blob([input]).stream().pipeTo(child.stdin).catch(() => {});
  const { success, stdout, stderr } = await child.output();
  await fed;
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${program} ${args.join(" ")} failed: ${out}${err}`);
  return out;
}

/**
 * Becomes the program, beside a process that waits for a line: when the pipe breaks instead, the one
 * who started it is gone, and it ends the program and removes its folder.
 */
const GUARDED = `log=$1 folder=$2; shift 2; exec 3<&0
{ read -r _ <&3 || {
  kill -9 $$
  for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 $$ && sleep 0.1; done
  rm -rf "$folder"
}; } >/dev/null 2>&1 &
exec "$@" </dev/null 3<&- >>"$log" 2>&1`;

/** A server in Java, which does not outlive this process. */
export class JavaServer {
  readonly #child: Deno.ChildProcess;
  readonly #log: string;
  /** When it has ended. */
  readonly ended: Promise<Deno.CommandStatus>;
  #isRunning = true;

  /**
   * Starts one.
   *
   * @param options `folder`: what it writes to, removed when this process dies; it has the log.
   */
  constructor(java: Java, args: readonly string[], { folder }: { folder: string }) {
    this.#log = `${folder}/log`;
    this.#child = new Deno.Command("sh", {
      args: ["-c", GUARDED, "sh", this.#log, folder, java.program, ...args],
      cwd: folder,
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      env: { LC_ALL: "C.UTF-8" },
    }).spawn();
    this.ended = this.#end();
  }

  /** Whether it has not ended yet. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until it answers. @throws with its log when it ends before, or does not in time. */
  async ready(answers: () => Promise<boolean>, { timeoutMs = 60_000 } = {}): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (!await answers()) {
      if (this.#isRunning && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      const { code, signal } = this.#isRunning ? { code: 0 } : await this.ended;
      const why = this.#isRunning
        ? `does not answer within ${timeoutMs} ms`
        : `has ended with ${signal ?? `code ${code}`}`;
      if (this.#isRunning) await this.end("SIGKILL");
      throw new Error(`The server ${why}: ${await this.log()}`);
    }
  }

  /** The end of what it has printed. */
  async log(): Promise<string> {
    return (await Deno.readTextFile(this.#log)).slice(-LOG_CHARACTERS_SHOWN);
  }

  /** Ends it: politely, or at once. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#isRunning) this.#child.kill(signal);
    await this.ended;
  }

  /** Waits for the end, and tells the process beside it that there is nobody to look after. */
  async #end(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    this.#isRunning = false;
    const guard = this.#child.stdin.getWriter();
    try {
      await guard.write(new TextEncoder().encode("ended\n"));
      await guard.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
    return status;
  }
}
