/**
 * A real PostgreSQL in a temporary folder, for tests and benches.
 *
 * @module
 */
import { counterpart, type CounterpartEnv } from "./counterpart.ts";

const DEBIAN_FOLDER = "/usr/lib/postgresql";

/** Where Debian keeps the programs of PostgreSQL, which are not on the path. */
function debianFolders(): string[] {
  try {
    return Array.from(Deno.readDirSync(DEBIAN_FOLDER), ({ name }) => `${DEBIAN_FOLDER}/${name}/bin`)
      .toSorted().toReversed();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const env: CounterpartEnv = Deno.env.toObject();

/** PostgreSQL's `initdb`, with its other programs beside it. */
export const postgres = counterpart({
  program: "initdb",
  debianPackage: "postgresql",
  purpose: "start a PostgreSQL",
  env: { ...env, PATH: [...debianFolders(), env.PATH ?? ""].join(":") },
});

/** The user of the server; who comes by TCP has to know the password, by the socket not. */
export const USER = "waggle";
/** The password of the user, with characters that are escaped in URLs. */
export const PASSWORD = "hönig/s3cret?#";

async function run(command: readonly string[], stdin = ""): Promise<string> {
  const [program, ...args] = command;
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { LC_ALL: "C.UTF-8" },
  }).spawn();
  await new Blob([stdin]).stream().pipeTo(child.stdin);
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${program} failed: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** A command that PostgreSQL, which refuses to be root, runs as the user that its package has made. */
function unprivileged(command: readonly string[]): string[] {
  if (Deno.uid() !== 0) return [...command];
  return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", ...command];
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** A session of `psql` that is kept open; what it prints are rows without a header, cells apart by `|`. */
export class Psql {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  #scripts = 0;

  /** Connects, as soon as something is run. */
  constructor(program: string, folder: string, port: number) {
    const connection = ["-h", folder, "-p", String(port), "-U", USER, "-d", "postgres"];
    this.#child = new Deno.Command("sh", {
      args: ["-c", 'exec "$0" "$@" 2>&1', program, ...connection, "-XqAt"],
      stdin: "piped",
      stdout: "piped",
      env: { LC_ALL: "C.UTF-8" },
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#stdout = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** What is printed for a script. */
  async run(script: string): Promise<string> {
    const end = `-- end ${++this.#scripts}\n`;
    await this.#stdin.write(new TextEncoder().encode(`${script};\n\\echo ${end}`));
    let text = "";
    while (!text.endsWith(end)) {
      const { value, done } = await this.#stdout.read();
      if (done) throw new Error(`psql ended: ${text}`);
      text += value;
    }
    if (/^(ERROR|FATAL|psql: error):/m.test(text)) throw new Error(`psql failed: ${text}`);
    return text.slice(0, -end.length).trimEnd();
  }

  /** Ends the session; what was not committed is undone. */
  async close(): Promise<void> {
    await this.#stdin.close();
    await this.#stdout.cancel();
    await this.#child.status;
  }
}

/** A server of its own, which listens on 127.0.0.1 and on a Unix socket. */
export class PostgresServer implements AsyncDisposable {
  /** The folder of its Unix socket. */
  readonly folder: string;
  /** Its port, on 127.0.0.1, and in the name of its socket. */
  readonly port: number;
  readonly #programs: string;
  #psql: Psql | undefined;

  private constructor(folder: string, port: number, programs: string) {
    this.folder = folder;
    this.port = port;
    this.#programs = programs;
  }

  /** Starts a server by the programs beside `initdb`. */
  static async start(initdb: string): Promise<PostgresServer> {
    const folder = await Deno.makeTempDir({ prefix: "waggle_postgres_" });
    await Deno.chmod(folder, 0o777);
    await Deno.writeTextFile(`${folder}/password`, PASSWORD);
    const server = new PostgresServer(folder, freePort(), initdb.replace(/\/initdb$/, ""));
    await run(unprivileged([
      initdb,
      ...["-D", `${folder}/data`, "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync"],
      ...["--auth-local=trust", "--auth-host=scram-sha-256", `--pwfile=${folder}/password`],
    ]));
    await server.start();
    return server;
  }

  /** Where it is reached, with a password. */
  get url(): string {
    return `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts it again. */
  async start(): Promise<void> {
    const settings = [
      ...["listen_addresses=127.0.0.1", `port=${this.port}`],
      ...[`unix_socket_directories=${this.folder}`, "fsync=off", "shared_buffers=32MB"],
      ...["max_connections=20", "full_page_writes=off"],
    ];
    const options = settings.map((setting) => `-c ${setting}`).join(" ");
    await this.#control("start", "-l", `${this.folder}/log`, "-o", options);
    this.#psql = this.session();
  }

  /** Stops it; connections are cut. */
  async stop(): Promise<void> {
    await this.#psql?.close();
    await this.#control("stop", "-m", "fast");
  }

  /** A session of its own. */
  session(): Psql {
    return new Psql(`${this.#programs}/psql`, this.folder, this.port);
  }

  /** What `psql` prints for a script: rows without a header, cells apart by `|`. */
  async psql(script: string): Promise<string> {
    return await this.#psql!.run(script);
  }

  /** Rows of a query, by way of JSON. */
  async rows(query: string): Promise<Record<string, unknown>[]> {
    return JSON.parse(await this.psql(`SELECT coalesce(json_agg(r), '[]') FROM (${query}) AS r`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
  }

  /** `pg_ctl` goes by the process id in the folder of this server, and waits. */
  async #control(...what: readonly string[]): Promise<void> {
    const command = [`${this.#programs}/pg_ctl`, "-s", "-w", "-D", `${this.folder}/data`, ...what];
    await run(unprivileged(command));
  }
}
