import type { WireReader } from "./wire_reader.ts";
import { WireWriter } from "./wire_writer.ts";

/** A kind of request, in the version that is spoken here. */
export interface Api {
  /** Its name in the protocol guide. */
  readonly name: string;
  /** Its number. */
  readonly key: number;
  /** The version. */
  readonly version: number;
  /** Whether that version is a flexible one: KIP-482. */
  readonly isFlexible: boolean;
}

function api(name: string, key: number, version: number, isFlexible = false): Api {
  return { name, key, version, isFlexible };
}

/**
 * What is asked of brokers, in versions that those of Kafka 2.5 and of 4.x know: "The Messages" in
 * Kafka's protocol guide.
 */
export const APIS = {
  produce: api("Produce", 0, 7),
  fetch: api("Fetch", 1, 11),
  listOffsets: api("ListOffsets", 2, 2),
  metadata: api("Metadata", 3, 7),
  offsetCommit: api("OffsetCommit", 8, 7),
  offsetFetch: api("OffsetFetch", 9, 7, true),
  findCoordinator: api("FindCoordinator", 10, 2),
  joinGroup: api("JoinGroup", 11, 5),
  heartbeat: api("Heartbeat", 12, 3),
  leaveGroup: api("LeaveGroup", 13, 2),
  syncGroup: api("SyncGroup", 14, 3),
  apiVersions: api("ApiVersions", 18, 2),
  createTopics: api("CreateTopics", 19, 4),
  initProducerId: api("InitProducerId", 22, 3, true),
  addPartitionsToTxn: api("AddPartitionsToTxn", 24, 1),
  addOffsetsToTxn: api("AddOffsetsToTxn", 25, 1),
  offsetForLeaderEpoch: api("OffsetForLeaderEpoch", 23, 3),
  endTxn: api("EndTxn", 26, 1),
  txnOffsetCommit: api("TxnOffsetCommit", 28, 3, true),
} as const satisfies Readonly<Record<string, Api>>;

/** A request, and how its answer is read. */
export interface WireRequest<Answer> {
  /** What it asks for. */
  readonly api: Api;
  /** What stands behind the header. */
  readonly body: readonly Uint8Array[];
  /** Whether it is answered: all are, but for Produce without acks. */
  readonly isAnswered: boolean;
  /** Reads the answer. */
  read(reader: WireReader): Answer;
}

/** A request of a kind. */
export function request<Answer>(
  api: Api,
  write: (writer: WireWriter) => void,
  read: (reader: WireReader) => Answer,
  isAnswered = true,
): WireRequest<Answer> {
  const writer = new WireWriter(api.isFlexible);
  write(writer);
  writer.end();
  return {
    api,
    body: writer.pieces(),
    isAnswered,
    read(reader) {
      reader.end(); // the tags of a flexible answer's header
      return read(reader);
    },
  };
}
