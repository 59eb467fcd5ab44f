import type { NewTopic, TopicInfo } from "../driver.ts";
import { KafkaError } from "../kafka_error.ts";
import {
  type CreatedTopic,
  createTopicsRequest,
  type PartitionMetadata,
  type TopicMetadata,
} from "../wire/cluster_requests.ts";
import { CODES, errorName } from "../wire/error_codes.ts";
import { Attempts } from "./attempts.ts";
import type { ClusterView } from "./cluster_view.ts";

/** How old what is known of a topic may be, unless it is asked for afresh. */
const KNOWN_MS = 60_000;

/**
 * What is known of some topics.
 *
 * @throws {KafkaError} when one does not exist, or we may not see it.
 */
export async function describeTopics(
  view: ClusterView,
  names: readonly string[],
  fresh: boolean,
): Promise<readonly TopicInfo[]> {
  const wanted = fresh ? names : names.filter((topic) => !view.partitions(topic, KNOWN_MS));
  const forMs = view.options.requestTimeoutMs;
  const attempts = new Attempts({ runtime: view.runtime, forMs });
  while (wanted.length > 0) {
    const { topics } = await view.refresh(wanted);
    const failed = topics.find(({ topic, code }) => code !== 0 && wanted.includes(topic));
    const unsaid = wanted.find((topic) => (view.partitions(topic) ?? []).length === 0);
    if (failed === undefined && unsaid === undefined) break;
    if (failed === undefined) throw nothingSaid(unsaid!);
    if (failed.code === CODES.leaderNotAvailable && await attempts.again()) continue;
    throw noTopic(failed);
  }
  return names.map((topic) => ({
    topic,
    partitions: (view.partitions(topic) ?? []).map(infoOf),
  }));
}

/**
 * Makes topics and waits until they can be used.
 *
 * @returns The names of those that were not there before.
 */
export async function createTopics(
  view: ClusterView,
  topics: readonly NewTopic[],
): Promise<readonly string[]> {
  if (topics.length === 0) return [];
  const { requestTimeoutMs: forMs } = view.options;
  const attempts = new Attempts({ runtime: view.runtime, forMs });
  const made = new Set<string>();
  let missing = topics;
  for (;;) {
    const request = createTopicsRequest(missing, forMs);
    const answers = await askController(view, request, attempts);
    for (const answer of answers) {
      if (answer.code === 0) made.add(answer.topic);
      else if (!isPassing(answer.code) && answer.code !== CODES.topicAlreadyExists) {
        throw notCreated(answer, topics);
      }
    }
    const passing = answers.filter(({ code }) => isPassing(code));
    if (passing.length === 0) break;
    missing = missing.filter(({ topic }) => passing.some((answer) => answer.topic === topic));
    await view.refresh([]); // somebody else makes topics now
    if (!await attempts.again()) throw notCreated(passing[0], topics);
  }
  await untilLed(view, topics.map(({ topic }) => topic), attempts);
  return [...made];
}

async function askController(
  view: ClusterView,
  request: ReturnType<typeof createTopicsRequest>,
  attempts: Attempts,
): Promise<readonly CreatedTopic[]> {
  for (;;) {
    const { controller } = view;
    try {
      return await (controller === undefined ? view.ask(request) : view.askAt(controller, request));
    } catch (error) {
      if (error instanceof KafkaError) throw error;
      await view.refresh([]);
      if (!await attempts.again()) {
        throw new KafkaError(
          `Cannot create topics: ${controller ?? "the broker"} did not answer (${
            (error as Error).message
          }); some may be there`,
          { retriable: true },
        );
      }
    }
  }
}

/** Waits until all partitions have leaders. */
async function untilLed(view: ClusterView, names: readonly string[], attempts: Attempts) {
  for (;;) {
    await view.refresh(names);
    const isLed = (topic: string) => {
      const partitions = view.partitions(topic) ?? [];
      return partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
    };
    const without = names.find((topic) => !isLed(topic));
    if (without === undefined) return;
    if (await attempts.again()) continue;
    throw new KafkaError(
      `Cannot use the new topic ${JSON.stringify(without)}: its partitions have no leaders yet`,
      { retriable: true },
    );
  }
}

function infoOf({ partition, leader }: PartitionMetadata) {
  return { partition, leader };
}

function isPassing(code: number): boolean {
  return code === CODES.notController || code === CODES.requestTimedOut ||
    code === CODES.throttlingQuotaExceeded;
}

function nothingSaid(topic: string): KafkaError {
  const named = `topic ${JSON.stringify(topic)}`;
  return new KafkaError(
    `Cannot use ${named}: the broker's answer names none of its partitions; is this a Kafka broker?`,
  );
}

/** Why a topic cannot be described. */
export function noTopic({ topic, code }: Pick<TopicMetadata, "topic" | "code">): KafkaError {
  const advice = code === CODES.unknownTopicOrPartition
    ? "there is no such topic: look at its name, or make it by " +
      `kafka-topics.sh --create --topic ${topic}, or by writing to it with createTopic: true`
    : code === CODES.topicAuthorizationFailed
    ? "grant DESCRIBE on it, and READ or WRITE"
    : code === CODES.invalidTopic
    ? "no topic can have that name"
    : "try again later";
  return new KafkaError(
    `Cannot use topic ${JSON.stringify(topic)}: the broker says ${errorName(code)}: ${advice}`,
    { code: errorName(code), retriable: code === CODES.leaderNotAvailable },
  );
}

function notCreated({ topic, code, message }: CreatedTopic, all: readonly NewTopic[]): KafkaError {
  const wanted = all.find((one) => one.topic === topic);
  const advice = code === CODES.invalidReplicationFactor
    ? `; replicationFactor ${wanted?.replicationFactor ?? "(the broker's)"} needs as many brokers`
    : code === CODES.invalidPartitions
    ? `; partitions was ${wanted?.partitions}`
    : code === CODES.topicAuthorizationFailed || code === CODES.clusterAuthorizationFailed
    ? "; grant CREATE on it"
    : "";
  const said = message === null || message === "" ? "" : ` (${message})`;
  return new KafkaError(
    `Cannot create topic ${JSON.stringify(topic)}: the broker says ${
      errorName(code)
    }${said}${advice}`,
    { code: errorName(code), retriable: isPassing(code) },
  );
}
