import type { KafkaLogin, PasswordLogin, TokenLogin } from "../../kafka/driver/kafka_login.ts";
import { asked } from "../asked.ts";
import type { CommandContext } from "../command_context.ts";
import { choice, type Flag, text, toggle } from "../command_spec.ts";
import { UsageError } from "../usage_error.ts";
import { kafkaModule } from "./kafka_module.ts";

const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"] as const;
const KAFKA_PASSWORD = "WAGGLE_KAFKA_PASSWORD";
const KAFKA_TOKEN = "WAGGLE_KAFKA_TOKEN";
const REGISTRY_PASSWORD = "WAGGLE_REGISTRY_PASSWORD";
const MOST_FILE_BYTES = 1 << 20;

/** Who asks brokers, and where schemas are. */
export interface KafkaLoginOptions {
  readonly kafkaUser?: string;
  readonly kafkaPasswordFile?: string;
  readonly kafkaTokenFile?: string;
  readonly sasl?: typeof MECHANISMS[number];
  readonly tls?: boolean;
  readonly kafkaCa?: string;
  readonly kafkaCert?: string;
  readonly kafkaKey?: string;
  readonly schemaRegistry?: string;
  readonly registryUser?: string;
  readonly registryPasswordFile?: string;
  readonly avroSchema?: string;
}

/** The flags of {@linkcode KafkaLoginOptions}. */
export const KAFKA_LOGIN_FLAGS: readonly Flag[] = [
  text("--kafka-user <name>", `of Kafka: who asks; the password is in ${KAFKA_PASSWORD}, or`),
  text("--kafka-password-file <file>", "of Kafka: the file that the password is in"),
  choice("--sasl <mechanism>", `of Kafka: ${MECHANISMS.join(", ")} (default: plain)`, MECHANISMS),
  text(
    "--kafka-token-file <file>",
    `of oauthbearer: the file that the token is in, read for each connection, or ${KAFKA_TOKEN}`,
  ),
  toggle("--tls", "of Kafka: encrypt"),
  text("--kafka-ca <file>", "of Kafka: certificates to trust, PEM (default: the system's)"),
  text("--kafka-cert <file>", "of Kafka: the certificate to show, PEM"),
  text("--kafka-key <file>", "of Kafka: its private key, PEM"),
  text("--schema-registry <url>", "of Kafka: where the Avro schemas of records are"),
  text(
    "--registry-user <name>",
    `of a registry: who asks; the password is in ${REGISTRY_PASSWORD}, or`,
  ),
  text("--registry-password-file <file>", "of a registry: the file that the password is in"),
  text("--avro-schema <file>", "of Kafka: the Avro schema of values, JSON"),
];

/**
 * What a small file has in it.
 *
 * @throws {UsageError} that names the flag, when it cannot be read.
 */
export async function textOf(
  path: string,
  flag: string,
  { runtime }: CommandContext,
): Promise<string> {
  try {
    const file = await runtime.openFile(path);
    try {
      const bytes = new Uint8Array(MOST_FILE_BYTES);
      let size = 0;
      for (let read = await file.read(bytes); read; read = await file.read(bytes.subarray(size))) {
        size += read;
        if (size === bytes.length) throw new Error(`it has ${MOST_FILE_BYTES} bytes or more`);
      }
      return new TextDecoder().decode(bytes.subarray(0, size));
    } finally {
      file.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${flag} ${path} cannot be read: ${reason}`, { cause });
  }
}

/** A password, from where it is not seen. */
async function passwordOf(
  { file, variable, flag }: {
    readonly file: string | undefined;
    readonly variable: string;
    /** Without `-user` or `-password-file`. */
    readonly flag: string;
  },
  context: CommandContext,
): Promise<string> {
  const given = file === undefined
    ? context.process.environment(variable)
    : (await textOf(file, `${flag}-password-file`, context)).replace(/\r?\n$/, "");
  if (given !== undefined && given !== "") return given;
  const where = file === undefined
    ? `set ${variable}, or pass ${flag}-password-file`
    : `${flag}-password-file ${file} is empty`;
  throw new UsageError(`${flag}-user has no password: ${where}`);
}

/** A token, from where it is not seen: one that a program renews lies in a file. */
async function tokenOf(file: string | undefined, context: CommandContext): Promise<string> {
  const given = file === undefined
    ? context.process.environment(KAFKA_TOKEN)
    : await textOf(file, "--kafka-token-file", context);
  const token = given?.trim() ?? "";
  if (token !== "") return token;
  const where = file === undefined
    ? `set ${KAFKA_TOKEN}, or pass --kafka-token-file`
    : `--kafka-token-file ${file} is empty`;
  throw new UsageError(`--sasl oauthbearer has no token: ${where}`);
}

async function tokenLogin(
  { kafkaUser, kafkaPasswordFile, kafkaTokenFile }: KafkaLoginOptions,
  context: CommandContext,
): Promise<TokenLogin> {
  if (kafkaUser !== undefined || kafkaPasswordFile !== undefined) {
    const flag = kafkaUser !== undefined ? "--kafka-user" : "--kafka-password-file";
    throw new UsageError(`${flag} is of a password, and --sasl oauthbearer takes a token`);
  }
  const token = () => tokenOf(kafkaTokenFile, context);
  await token(); // that there is none is said at once
  return { mechanism: "oauthbearer", token };
}

async function saslOf(
  options: KafkaLoginOptions,
  context: CommandContext,
): Promise<PasswordLogin | TokenLogin | undefined> {
  const { kafkaUser, kafkaPasswordFile, kafkaTokenFile, sasl } = options;
  if (sasl === "oauthbearer") return await tokenLogin(options, context);
  if (kafkaTokenFile !== undefined) {
    throw new UsageError("--kafka-token-file is of --sasl oauthbearer; pass that as well");
  }
  if (kafkaUser === undefined) {
    const flag = sasl !== undefined ? "--sasl" : "--kafka-password-file";
    if (sasl === undefined && kafkaPasswordFile === undefined) return undefined;
    throw new UsageError(`${flag} is of --kafka-user; pass that as well`);
  }
  const how = { file: kafkaPasswordFile, variable: KAFKA_PASSWORD, flag: "--kafka" };
  const password = await passwordOf(how, context);
  return { mechanism: sasl ?? "plain", username: kafkaUser, password };
}

/** Who asks brokers, as the library takes it. */
export async function kafkaLogin(
  options: KafkaLoginOptions,
  context: CommandContext,
): Promise<KafkaLogin> {
  const { kafkaCa, kafkaCert, kafkaKey, tls = false } = options;
  if ((kafkaCert === undefined) !== (kafkaKey === undefined)) {
    throw new UsageError("--kafka-cert and --kafka-key go together; pass both");
  }
  const sasl = await saslOf(options, context);
  const files = [kafkaCa, kafkaCert, kafkaKey].some((file) => file !== undefined);
  const read = async (path: string | undefined, name: string) =>
    path === undefined ? {} : { [name]: await textOf(path, `--kafka-${name}`, context) };
  const pem = {
    ...await read(kafkaCa, "ca"),
    ...await read(kafkaCert, "cert"),
    ...await read(kafkaKey, "key"),
  };
  return { ...((tls || files) && { tls: files ? pem : true }), ...(sasl && { sasl }) };
}

/** The registry of schemas, and the schema of values, as the library takes them. */
export async function kafkaSchemas(options: KafkaLoginOptions, context: CommandContext) {
  const { schemaRegistry: url, registryUser, registryPasswordFile, avroSchema } = options;
  const schema = avroSchema === undefined
    ? {}
    : { avroSchema: await textOf(avroSchema, "--avro-schema", context) };
  if (url === undefined) {
    const flag = registryUser !== undefined ? "--registry-user" : "--registry-password-file";
    if (registryUser === undefined && registryPasswordFile === undefined) return schema;
    throw new UsageError(`${flag} is of --schema-registry; pass that as well`);
  }
  if (registryUser === undefined && registryPasswordFile !== undefined) {
    throw new UsageError("--registry-password-file is of --registry-user; pass that as well");
  }
  const how = { file: registryPasswordFile, variable: REGISTRY_PASSWORD, flag: "--registry" };
  const who = registryUser === undefined
    ? {}
    : { username: registryUser, password: await passwordOf(how, context) };
  const { SchemaRegistry } = await kafkaModule();
  const { runtime } = context;
  return { ...schema, registry: asked(() => new SchemaRegistry({ url, ...who, runtime })) };
}
