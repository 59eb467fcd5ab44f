import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, received } from "../../runtime/known_options.ts";
import type { ConnectionOptions, KafkaDriver } from "./driver.ts";
import type { KafkaLogin, PasswordLogin, TlsOptions, TokenLogin } from "./kafka_login.ts";

const DEFAULT_PORT = 9092;
const MAX_PORT = 65_535;
const ADDRESS = /^(\[[\da-f:.]+\]|[^\s:[\]/@]+)(?::(\d+))?$/i;
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"];

/** Where brokers are, and who asks: what publishers and sources share. */
export interface KafkaConnectionOptions extends KafkaLogin {
  /**
   * Some brokers, by which all others are found: `"a:9092,b:9092"`, or the same as a list. The port
   * is 9092 where it is left out.
   */
  bootstrapServers: string | readonly string[];
  /** What brokers call this client in their logs and quotas. Default `"waggle"`. */
  clientId?: string;
  /** How long a connection may take, TLS and login included. Default `"10s"`. */
  connectionTimeout?: Duration;
  /** How long an answer may take. Default `"30s"`. */
  requestTimeout?: Duration;
  /** What speaks to brokers. Default: kafkajs's connections. */
  driver?: KafkaDriver;
}

/** The names of {@linkcode KafkaConnectionOptions}. */
export const KAFKA_CONNECTION_OPTIONS: Readonly<Record<keyof KafkaConnectionOptions, true>> = {
  bootstrapServers: true,
  tls: true,
  sasl: true,
  clientId: true,
  connectionTimeout: true,
  requestTimeout: true,
  driver: true,
};

/**
 * Checks how brokers are reached.
 *
 * @param doing What cannot be done without, for messages; passwords never stand in one.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function kafkaConnection(given: KafkaConnectionOptions, doing: string): ConnectionOptions {
  const { clientId = "waggle", connectionTimeout = "10s", requestTimeout = "30s" } = given;
  const tls = given.tls === undefined ? undefined : tlsOf(given.tls, doing);
  const sasl = given.sasl === undefined ? undefined : saslOf(given.sasl, doing);
  const login = { ...(tls !== undefined && { tls }), ...(sasl && { sasl }) };
  return {
    bootstrapServers: serversOf(given.bootstrapServers, doing),
    clientId: checkText("clientId", clientId, doing),
    ...((tls !== undefined || sasl) && { login }),
    connectionTimeoutMs: milliseconds(connectionTimeout, "connectionTimeout", { least: 1 }),
    requestTimeoutMs: milliseconds(requestTimeout, "requestTimeout", { least: 1 }),
  };
}

/**
 * Checks an option that must be a text of at least a character.
 *
 * @throws {TypeError} when it is not.
 */
export function checkText(name: string, value: string, doing: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(
    `Cannot ${doing}: ${name} must be a text of at least one character, received ${
      received(value)
    }`,
  );
}

/**
 * Checks the name of a topic: "Topic names" in Kafka's sources, `Topic.validate`.
 *
 * @throws {TypeError} when it can be none.
 */
export function checkTopic(name: string, topic: string, doing: string): string {
  const isOne = typeof topic === "string" && /^[\w.-]{1,249}$/.test(topic) &&
    !/^\.\.?$/.test(topic);
  if (isOne) return topic;
  throw new TypeError(
    `Cannot ${doing}: ${name} must be 1 to 249 of the characters a-z, A-Z, 0-9, ".", "_" and "-", ` +
      `received ${received(topic)}`,
  );
}

function serversOf(given: string | readonly string[], doing: string): readonly string[] {
  const list = typeof given === "string" ? given.split(",") : given;
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError(
      `Cannot ${doing}: bootstrapServers must be addresses such as "localhost:9092" or ` +
        `["a:9092", "b:9092"], received ${received(given)}`,
    );
  }
  return list.map((address) => serverOf(address, doing));
}

function serverOf(address: unknown, doing: string): string {
  const [, host, port = DEFAULT_PORT] = ADDRESS.exec(String(address).trim()) ?? [];
  if (typeof address !== "string" || host === undefined || !(+port >= 1 && +port <= MAX_PORT)) {
    // Of an address with a name and a password in it nothing is shown.
    const shown = String(address).includes("@") ? "one with an @ in it" : received(address);
    throw new TypeError(
      `Cannot ${doing}: bootstrapServers must be addresses such as "localhost:9092", without a ` +
        `protocol, received ${shown}`,
    );
  }
  return `${host}:${port}`;
}

function tlsOf(given: boolean | TlsOptions, doing: string): boolean | TlsOptions {
  if (typeof given === "boolean") return given;
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `Cannot ${doing}: tls must be true, false or an object such as { ca }, received ${
        received(given)
      }`,
    );
  }
  knownOptions(given, {
    doing: `${doing}: tls`,
    names: { ca: true, cert: true, key: true, serverName: true },
  });
  for (const [name, value] of Object.entries(given)) {
    const isList = name === "ca" && Array.isArray(value);
    const texts: unknown[] = isList ? value : [value];
    if (value === undefined || texts.every((text) => typeof text === "string")) continue;
    throw new TypeError(
      `Cannot ${doing}: tls.${name} must be a text${name === "ca" ? ", or several" : ""}, ` +
        `received ${typeof value}`,
    );
  }
  if ((given.cert === undefined) !== (given.key === undefined)) {
    throw new TypeError(`Cannot ${doing}: tls.cert and tls.key go together, one is missing`);
  }
  return given;
}

function saslOf(given: PasswordLogin | TokenLogin, doing: string): PasswordLogin | TokenLogin {
  const login = Object(given) as Readonly<Record<string, unknown>>;
  const { mechanism } = login;
  if (!MECHANISMS.includes(mechanism as string)) {
    const known = MECHANISMS.map((name) => `"${name}"`).join(", ");
    throw new TypeError(
      `Cannot ${doing}: sasl.mechanism must be one of ${known}, received ${received(mechanism)}`,
    );
  }
  const names = given.mechanism === "oauthbearer" ? ["token"] : ["username", "password"];
  const strange = Object.keys(given).find((name) => name !== "mechanism" && !names.includes(name));
  if (strange !== undefined) {
    throw new TypeError(
      `Cannot ${doing}: sasl takes mechanism, ${names.join(" and ")} here, received ${
        received(strange)
      }`,
    );
  }
  const kind = given.mechanism === "oauthbearer" ? "function" : "string";
  const wrong = names.find((name) => typeof login[name] !== kind || login[name] === "");
  if (wrong === undefined) return given;
  const what = kind === "function" ? "a function that gives a token" : "a text, and not empty";
  throw new TypeError(`Cannot ${doing}: sasl.${wrong} must be ${what} (it is not shown)`);
}
