import type { GroupIdentity, PartitionOffset, TopicPartition } from "../driver.ts";
import { APIS, request, type WireRequest } from "./apis.ts";
import { byTopic, type PartitionCode, readPartitionCodes } from "./by_topic.ts";

/** Who a producer is to brokers: KIP-98. */
export interface ProducerIdentity {
  readonly id: bigint;
  readonly epoch: number;
}

/** Who is nobody yet. */
export const NO_IDENTITY: ProducerIdentity = { id: -1n, epoch: -1 };

/** A transactional producer. */
export interface TransactionalIdentity extends ProducerIdentity {
  readonly transactionalId: string;
}

/** Asks for an identity; one that there is already gets its next epoch: KIP-360. */
export function initProducerIdRequest(options: {
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  readonly current: ProducerIdentity;
}): WireRequest<ProducerIdentity & { code: number }> {
  const { transactionalId, transactionTimeoutMs, current } = options;
  return request(
    APIS.initProducerId,
    (writer) =>
      writer.text(transactionalId).int32(transactionTimeoutMs).int64(current.id).int16(
        current.epoch,
      ),
    (reader) => {
      reader.int32();
      return { code: reader.int16(), id: reader.bigint64(), epoch: reader.int16() };
    },
  );
}

/** Says which partitions a transaction is going to touch. */
export function addPartitionsRequest(
  producer: TransactionalIdentity,
  partitions: readonly TopicPartition[],
): WireRequest<PartitionCode[]> {
  return request(
    APIS.addPartitionsToTxn,
    (writer) => {
      writer.text(producer.transactionalId).int64(producer.id).int16(producer.epoch);
      writer.list(byTopic(partitions), ([topic, its]) => {
        writer.text(topic).list(its, ({ partition }) => writer.int32(partition));
      });
    },
    (reader) => {
      reader.int32();
      return readPartitionCodes(reader);
    },
  );
}

/** Says that a transaction is going to commit offsets of a group. */
export function addOffsetsRequest(
  producer: TransactionalIdentity,
  groupId: string,
): WireRequest<{ code: number }> {
  return request(
    APIS.addOffsetsToTxn,
    (writer) => {
      writer.text(producer.transactionalId).int64(producer.id).int16(producer.epoch);
      writer.text(groupId);
    },
    (reader) => {
      reader.int32();
      return { code: reader.int16() };
    },
  );
}

/** Commits offsets with a transaction, as a member of the group: KIP-447. */
export function txnOffsetCommitRequest(
  producer: TransactionalIdentity,
  group: GroupIdentity,
  offsets: readonly PartitionOffset[],
): WireRequest<PartitionCode[]> {
  return request(
    APIS.txnOffsetCommit,
    (writer) => {
      writer.text(producer.transactionalId).text(group.groupId);
      writer.int64(producer.id).int16(producer.epoch);
      writer.int32(group.generation ?? -1).text(group.memberId ?? "");
      writer.text(group.instanceId ?? null);
      writer.list(byTopic(offsets), ([topic, its]) => {
        writer.text(topic).list(its, ({ partition, offset, leaderEpoch = -1, metadata }) => {
          writer.int32(partition).int64(offset).int32(leaderEpoch).text(metadata ?? "").end();
        }).end();
      });
    },
    (reader) => {
      reader.int32();
      return readPartitionCodes(reader);
    },
  );
}

/** Ends a transaction. */
export function endTxnRequest(
  producer: TransactionalIdentity,
  commits: boolean,
): WireRequest<{ code: number }> {
  return request(
    APIS.endTxn,
    (writer) => {
      writer.text(producer.transactionalId).int64(producer.id).int16(producer.epoch).bool(commits);
    },
    (reader) => {
      reader.int32();
      return { code: reader.int16() };
    },
  );
}
