/**
 * A real schema registry on 127.0.0.1: Apicurio, with the interface of Confluent's.
 *
 * @module
 */
import { freePort } from "./free_port.ts";
import { JavaServer, neededPrograms } from "./java.ts";
import { madeOf, REGISTRY_VERSION, registryJars } from "./jars.ts";

const RUNNER = `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`;

function launch(
  folder: string,
  port: number,
  jars: string,
  options: readonly string[],
): JavaServer {
  return new JavaServer(neededPrograms().java, [
    ...["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...options],
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    ...["-Dquarkus.http.host=127.0.0.1", `-Dquarkus.http.port=${port}`],
    ...["-Dquarkus.management.enabled=false", "-Dapicurio.storage.kind=sql"],
    ...["-jar", `${jars}/app/${RUNNER}`],
  ], { folder });
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/subjects`);
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function urlAt(port: number): string {
  return `http://127.0.0.1:${port}/apis/ccompat/v7`;
}

/** An archive of loaded classes, which halves the time to start. */
async function classes(jars: string): Promise<string> {
  const made = await madeOf(jars, async (folder) => {
    const port = freePort();
    const server = launch(folder, port, jars, [`-XX:ArchiveClassesAtExit=${folder}/classes.jsa`]);
    await server.ready(() => answers(urlAt(port)));
    await server.end("SIGTERM");
  });
  return `${made}/classes.jsa`;
}

/** A schema registry. */
export class Registry implements AsyncDisposable {
  /** Where clients of Confluent's registry find what they expect. */
  readonly url: string;
  readonly #folder: string;
  readonly #server: JavaServer;

  private constructor(url: string, folder: string, server: JavaServer) {
    this.url = url;
    this.#folder = folder;
    this.#server = server;
  }

  /** Starts one. */
  static async start(): Promise<Registry> {
    const jars = await registryJars();
    const archive = `-XX:SharedArchiveFile=${await classes(jars)}`;
    const folder = await Deno.makeTempDir({ prefix: "waggle_registry_" });
    const port = freePort();
    const registry = new Registry(urlAt(port), folder, launch(folder, port, jars, [archive]));
    try {
      await registry.#server.ready(() => answers(registry.url));
    } catch (error) {
      await registry[Symbol.asyncDispose]();
      throw error;
    }
    return registry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.end("SIGKILL");
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Starts a schema registry. */
export async function startRegistry(): Promise<Registry> {
  return await Registry.start();
}

/** The registry that `REGISTRY_URL` names, else one that is started now. */
export async function sharedRegistry(): Promise<AsyncDisposable & { readonly url: string }> {
  const url = Deno.env.get("REGISTRY_URL") || undefined;
  if (url === undefined) return await startRegistry();
  return { url, [Symbol.asyncDispose]: () => Promise.resolve() };
}
