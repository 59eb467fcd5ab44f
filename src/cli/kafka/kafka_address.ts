import { UsageError } from "../usage_error.ts";

const PROTOCOL = "kafka://";
const EXAMPLE = "kafka://localhost:9092/orders";

/** Topics, and where they are. */
export interface KafkaAddress {
  /** Some brokers, apart by commas. */
  readonly servers: string;
  readonly topics: readonly string[];
}

/** Whether what stands in the place of a file is the address of topics. */
export function isKafkaAddress(path: string): boolean {
  return /^kafka:/i.test(path);
}

/** An address without what may be a password. */
function shown(address: string): string {
  const at = address.lastIndexOf("@");
  return JSON.stringify(at < 0 ? address : `${PROTOCOL}[secret]${address.slice(at)}`);
}

/**
 * Reads `kafka://host:port/topic`; brokers and topics may be several, apart by commas, and the protocol
 * is left out where nothing else can be meant.
 *
 * @param flag What it was given by, for messages.
 * @throws {UsageError} when it is no such address, or has a password in it.
 */
export function kafkaAddress(text: string, flag?: string): KafkaAddress {
  const isWhole = text.toLowerCase().startsWith(PROTOCOL);
  const whole = isWhole ? text.slice(PROTOCOL.length) : text;
  const what = flag === undefined ? "the address of a topic" : flag;
  if (whole.includes("@")) {
    throw new UsageError(
      `${what} has a name or a password in it (${shown(text)}), which others can see; pass ` +
        `--kafka-user, and the password by --kafka-password-file or WAGGLE_KAFKA_PASSWORD`,
    );
  }
  // a host may be called kafka, where nothing but a topic can be meant
  const isOther = !isWhole && flag === undefined;
  const [, servers, list] = isOther ? [] : /^([^/\s]+)\/([^/\s]+)\/?$/.exec(whole) ?? [];
  const topics = list?.split(",").filter((topic) => topic !== "") ?? [];
  if (servers !== undefined && topics.length > 0) return { servers, topics };
  throw new UsageError(
    `${what} takes a host, a port and a topic, such as ${EXAMPLE}, received ${shown(text)}`,
  );
}

/**
 * The same of one topic, where records are written to.
 *
 * @throws {UsageError} also when there are several.
 */
export function kafkaTopic(text: string): { readonly servers: string; readonly topic: string } {
  const { servers, topics } = kafkaAddress(text);
  if (topics.length === 1) return { servers, topic: topics[0] };
  throw new UsageError(`records go to one topic, received ${topics.join(", ")}`);
}
