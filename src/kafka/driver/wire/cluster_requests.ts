import type { Isolation, NewTopic, TopicPartition } from "../driver.ts";
import { APIS, request, type WireRequest } from "./apis.ts";
import { byTopic, readByTopic } from "./by_topic.ts";

/** From which version to which a broker knows a kind of request. */
export interface VersionRange {
  readonly key: number;
  readonly least: number;
  readonly most: number;
}

/** Asks a broker what it knows. */
export function versionsRequest(): WireRequest<{ code: number; ranges: VersionRange[] }> {
  return request(APIS.apiVersions, () => {}, (reader) => ({
    code: reader.int16(),
    ranges: reader.list(() => ({
      key: reader.int16(),
      least: reader.int16(),
      most: reader.int16(),
    })),
  }));
}

/** A broker, as the others name it. */
export interface BrokerMetadata {
  readonly node: number;
  readonly host: string;
  readonly port: number;
}

/** A partition, as a broker describes it. */
export interface PartitionMetadata {
  readonly code: number;
  readonly partition: number;
  /** −1: none at the moment. */
  readonly leader: number;
  readonly leaderEpoch: number;
}

/** A topic, as a broker describes it. */
export interface TopicMetadata {
  readonly code: number;
  readonly topic: string;
  readonly partitions: readonly PartitionMetadata[];
}

/** What brokers and topics there are. */
export interface Metadata {
  readonly brokers: readonly BrokerMetadata[];
  readonly controller: number;
  readonly topics: readonly TopicMetadata[];
}

/** Asks for brokers and some topics; never makes one. */
export function metadataRequest(topics: readonly string[]): WireRequest<Metadata> {
  return request(
    APIS.metadata,
    (writer) => writer.list(topics, (topic) => writer.text(topic)).bool(false),
    (reader) => {
      reader.int32(); // how long it was throttled
      const brokers = reader.list(() => {
        const broker = { node: reader.int32(), host: reader.text() ?? "", port: reader.int32() };
        reader.text(); // its rack
        return broker;
      });
      reader.text(); // the cluster's id
      const controller = reader.int32();
      const answered = reader.list((): TopicMetadata => {
        const code = reader.int16();
        const topic = reader.text() ?? "";
        reader.bool(); // whether it is internal
        const partitions = reader.list((): PartitionMetadata => {
          const partition = {
            code: reader.int16(),
            partition: reader.int32(),
            leader: reader.int32(),
            leaderEpoch: reader.int32(),
          };
          for (let lists = 0; lists < 3; lists++) reader.list(() => reader.int32()); // replicas
          return partition;
        });
        return { code, topic, partitions };
      });
      return { brokers, controller, topics: answered };
    },
  );
}

/** What came of a topic that was to be made. */
export interface CreatedTopic {
  readonly topic: string;
  readonly code: number;
  /** The broker's own words. */
  readonly message: string | null;
}

/** Makes topics; −1 partitions and replicas are the broker's defaults: KIP-464. */
export function createTopicsRequest(
  topics: readonly NewTopic[],
  timeoutMs: number,
): WireRequest<CreatedTopic[]> {
  return request(
    APIS.createTopics,
    (writer) =>
      writer.list(topics, ({ topic, partitions = -1, replicationFactor = -1, config = {} }) => {
        writer.text(topic).int32(partitions).int16(replicationFactor).int32(0);
        writer.list(Object.entries(config), ([name, value]) => writer.text(name).text(value));
      }).int32(timeoutMs).bool(false),
    (reader) => {
      reader.int32();
      return reader.list(() => ({
        topic: reader.text() ?? "",
        code: reader.int16(),
        message: reader.text(),
      }));
    },
  );
}

/** An offset, or why there is none. */
export interface ListedOffset extends TopicPartition {
  readonly code: number;
  /** −1: nothing is that late. */
  readonly offset: number;
}

/** Asks the leader of partitions for offsets at a time, ms; −1 is the end, −2 the beginning. */
export function listOffsetsRequest(
  partitions: readonly TopicPartition[],
  at: number,
  isolation: Isolation,
): WireRequest<ListedOffset[]> {
  return request(
    APIS.listOffsets,
    (writer) => {
      writer.int32(-1).int8(isolation === "read_committed" ? 1 : 0);
      writer.list(byTopic(partitions), ([topic, its]) => {
        writer.text(topic).list(its, ({ partition }) => writer.int32(partition).int64(at));
      });
    },
    (reader) => {
      reader.int32();
      return readByTopic(reader, (topic): ListedOffset => {
        const partition = reader.int32();
        const code = reader.int16();
        reader.int64(); // the time of what was found
        return { topic, partition, code, offset: reader.int64() };
      });
    },
  );
}

/** Where a group or a transaction is coordinated. */
export interface CoordinatorPlace {
  readonly code: number;
  readonly message: string | null;
  readonly node: number;
  readonly host: string;
  readonly port: number;
}

/** Asks who coordinates a group or a transactional id. */
export function findCoordinatorRequest(
  kind: "group" | "transaction",
  name: string,
): WireRequest<CoordinatorPlace> {
  return request(
    APIS.findCoordinator,
    (writer) => writer.text(name).int8(kind === "group" ? 0 : 1),
    (reader) => {
      reader.int32();
      return {
        code: reader.int16(),
        message: reader.text(),
        node: reader.int32(),
        host: reader.text() ?? "",
        port: reader.int32(),
      };
    },
  );
}
