/**
 * The settings of the broker.
 *
 * @module
 */
import type { Certificates } from "./certificates.ts";
import { freePort } from "./free_port.ts";

/** Who may log in, with any mechanism. */
export const USER = "waggle";
/** The password, with characters that are escaped here and there. */
export const PASSWORD = "h0nig/s3cret?#%";

/** What the broker is told of those who log in with SCRAM, which it keeps in its data. */
export const SCRAM: readonly string[] = ["SCRAM-SHA-256", "SCRAM-SHA-512"].map((mechanism) =>
  `${mechanism}=[name=${USER},password=${PASSWORD}]`
);

/** One node that is quick to start, small, and quick to notice that it was killed. */
export const SETTINGS: Readonly<Record<string, string>> = {
  "process.roles": "broker,controller",
  "node.id": "1",
  "controller.listener.names": "CONTROLLER",
  "inter.broker.listener.name": "PLAIN",
  "num.network.threads": "2",
  "num.io.threads": "2",
  "background.threads": "2",
  "num.partitions": "4",
  "auto.create.topics.enable": "false",
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "3",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "3",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  "share.coordinator.state.topic.num.partitions": "3",
  "group.initial.rebalance.delay.ms": "0",
  "group.min.session.timeout.ms": "100",
  "log.cleaner.dedupe.buffer.size": "2097152",
  "log.cleaner.threads": "1",
  "log.cleaner.backoff.ms": "100",
  "log.segment.delete.delay.ms": "100",
  "log.initial.task.delay.ms": "100",
  // Tests write records of long ago, which are not to be gone after a while.
  "log.retention.ms": "-1",
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "100",
  // After kill -9 the next start is refused until the session of the last one is over.
  "broker.session.timeout.ms": "2000",
  "broker.heartbeat.interval.ms": "500",
};

/**
 * Settings of a broker that is killed again and again: it is back after 2 seconds instead of 4, and
 * for that a machine that stands still for a second makes it pause.
 */
export const FORGETFUL: Readonly<Record<string, string>> = {
  "broker.session.timeout.ms": "1000",
  "broker.heartbeat.interval.ms": "200",
};

/** A listener beside the plain one; those that log in know {@linkcode USER}. */
export type ListenerName = keyof typeof PROTOCOLS;

const PROTOCOLS = {
  /** Encrypted. */
  ssl: "SSL",
  /** With a certificate that was valid until yesterday. */
  sslExpired: "SSL",
  /** With a certificate for another host. */
  sslWrongHost: "SSL",
  /** Encrypted; asks the client for a certificate. */
  sslMutual: "SSL",
  /** With a login. */
  sasl: "SASL_PLAINTEXT",
  /** With a login, encrypted. */
  saslSsl: "SASL_SSL",
} as const;

/** The ports of listeners. */
export type Listeners =
  & { readonly plain: number; readonly proxied?: number }
  & {
    readonly [name in ListenerName]?: number;
  };

function login(prefix: string): Record<string, string> {
  const quoted = `"${PASSWORD}"`;
  const modules = "org.apache.kafka.common.security";
  const jaas = {
    plain: `${modules}.plain.PlainLoginModule required user_${USER}=${quoted};`,
    "scram-sha-256": `${modules}.scram.ScramLoginModule required;`,
    "scram-sha-512": `${modules}.scram.ScramLoginModule required;`,
    oauthbearer: `${modules}.oauthbearer.OAuthBearerLoginModule required ` +
      `unsecuredLoginStringClaim_sub="${USER}";`,
  };
  const mechanisms = Object.keys(jaas).map((name) => name.toUpperCase()).join(",");
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: mechanisms,
    ...Object.fromEntries(
      Object.entries(jaas).map(([name, value]) => [`${prefix}.${name}.sasl.jaas.config`, value]),
    ),
  };
}

function encryption(
  name: ListenerName,
  prefix: string,
  certificates: Certificates,
): Record<string, string> {
  const { good, expired, wrongHost } = certificates.keyStores;
  const store = name === "sslExpired" ? expired : name === "sslWrongHost" ? wrongHost : good;
  return {
    [`${prefix}.ssl.keystore.type`]: "PEM",
    [`${prefix}.ssl.keystore.location`]: store,
    [`${prefix}.ssl.truststore.type`]: "PEM",
    [`${prefix}.ssl.truststore.location`]: certificates.caFile,
    [`${prefix}.ssl.client.auth`]: name === "sslMutual" ? "required" : "none",
  };
}

/** The listeners of a broker with their settings. */
export function listenersOf(
  port: number,
  options: { listeners?: readonly ListenerName[]; advertised?: number },
  certificates?: Certificates,
): { ports: Listeners; settings(controller: number): Record<string, string> } {
  const names = options.listeners ?? [];
  const ports: Listeners = {
    plain: port,
    ...(options.advertised === undefined ? {} : { proxied: freePort() }),
    ...Object.fromEntries(names.map((name) => [name, freePort()])),
  };
  const at = (name: string, port: number) => `${name.toUpperCase()}://127.0.0.1:${port}`;
  const settings = (controller: number): Record<string, string> => {
    const own = Object.entries(ports) as [keyof Listeners, number][];
    const protocols = own.map(([name]) =>
      `${name.toUpperCase()}:${name in PROTOCOLS ? PROTOCOLS[name as ListenerName] : "PLAINTEXT"}`
    );
    const extra = names.flatMap((name) => {
      const prefix = `listener.name.${name.toLowerCase()}`;
      return [
        ...(name.startsWith("sasl") ? Object.entries(login(prefix)) : []),
        ...(certificates && name !== "sasl"
          ? Object.entries(encryption(name, prefix, certificates))
          : []),
      ];
    });
    return {
      "controller.quorum.voters": `1@127.0.0.1:${controller}`,
      listeners: [...own.map(([name, port]) => at(name, port)), at("controller", controller)]
        .join(),
      "advertised.listeners": own.map(([name, port]) =>
        at(name, name === "proxied" ? options.advertised! : port)
      ).join(),
      "listener.security.protocol.map": [...protocols, "CONTROLLER:PLAINTEXT"].join(),
      ...Object.fromEntries(extra),
    };
  };
  return { ports, settings };
}
