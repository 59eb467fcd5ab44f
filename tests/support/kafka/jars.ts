/**
 * What comes from Maven Central, fetched once a machine.
 *
 * @module
 */
import { cachedFolder } from "./cached_folder.ts";
import { neededPrograms, run } from "./java.ts";

/** The version of Apache Kafka: of the broker, and of its tools. */
export const KAFKA_VERSION = "4.3.1";
/** The version of the schema registry. Later ones need Java 21. */
export const REGISTRY_VERSION = "3.0.9";

const PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin";
// Later ones read the artifact's parent, which is not on Maven Central.
const UNPACKING = `${PLUGIN}:2.10:unpack`;
const COPYING = `${PLUGIN}:3.8.1:copy-dependencies`;
const QUIETLY = ["--quiet", "--batch-mode", "--no-transfer-progress", "--strict-checksums"];

function pom(
  dependencies: readonly (readonly [group: string, artifact: string, version: string])[],
) {
  const list = dependencies.map(([group, artifact, version]) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
    `<version>${version}</version></dependency>`
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>` +
    `<groupId>waggle</groupId><artifactId>tests</artifactId><version>1</version>` +
    `<dependencies>${list.join("")}</dependencies></project>`;
}

async function fetchKafka(folder: string): Promise<void> {
  const dependencies = pom([
    ["org.apache.kafka", "kafka_2.13", KAFKA_VERSION],
    ["org.apache.kafka", "kafka-tools", KAFKA_VERSION],
    ["org.slf4j", "slf4j-simple", "1.7.36"],
  ]);
  await Deno.writeTextFile(`${folder}/pom.xml`, dependencies);
  const goal = [COPYING, `-DoutputDirectory=${folder}/libs`, "-DincludeScope=runtime"];
  await run(neededPrograms().maven, [...QUIETLY, ...goal], { cwd: folder });
}

async function fetchRegistry(folder: string): Promise<void> {
  const artifact = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`;
  const goal = [UNPACKING, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}/app`];
  await Deno.writeTextFile(`${folder}/pom.xml`, pom([]));
  await run(neededPrograms().maven, [...QUIETLY, ...goal], { cwd: folder });
}

/** Apache Kafka with its tools: a folder with the jars in `libs`. */
export async function kafkaJars(): Promise<string> {
  return await cachedFolder(`kafka-${KAFKA_VERSION}`, fetchKafka);
}

/** The schema registry: a folder with its jars in `app`. */
export async function registryJars(): Promise<string> {
  return await cachedFolder(`apicurio-${REGISTRY_VERSION}`, fetchRegistry);
}

/**
 * Something that one Java makes of the jars, such as an archive of loaded classes, beside these.
 *
 * @param jars The folder with the jars.
 * @param what Its name, where there are several.
 */
export async function madeOf(
  jars: string,
  make: (folder: string) => Promise<void>,
  what = "",
): Promise<string> {
  const { java } = neededPrograms();
  const home = (await Deno.realPath(java.program)).replaceAll("/", "_");
  const name = `${jars.slice(jars.lastIndexOf("/") + 1)}/java-${java.version}${home}${what}`;
  return await cachedFolder(name, make);
}
