/** What can be asked of a broker of a {@linkcode SimulatedKafka}. */
export type SimulatedApi =
  | "connect"
  | "metadata"
  | "createTopics"
  | "listOffsets"
  | "epochEnds"
  | "findCoordinator"
  | "produce"
  | "fetch"
  | "initProducer"
  | "addPartitions"
  | "addOffsets"
  | "sendOffsets"
  | "endTransaction"
  | "join"
  | "sync"
  | "heartbeat"
  | "leave"
  | "commit"
  | "committed";

/** A request to a broker of a {@linkcode SimulatedKafka}. */
export interface SimulatedRequest {
  /** What it asks for. */
  readonly api: SimulatedApi;
  /** Who asks: the `clientId` of the connection. */
  readonly clientId: string;
  /** The how manieth request it is, from 1. */
  readonly number: number;
  /** When, on the runtime's clock that never goes back, ms. */
  readonly atMs: number;
  /** What it is about: partitions as `topic/0,topic/1`, the group, or the transactional id. */
  readonly about: string;
}

/** What goes wrong with a request; several can at once. */
export interface SimulatedFault {
  /**
   * It, and what is sent behind it by the same connection, takes so much longer to reach the broker,
   * ms. The sender may have given up by then.
   */
  readonly requestDelayMs?: number;
  /** The answer takes so much longer, ms. */
  readonly answerDelayMs?: number;
  /** The connection ends before the broker has heard it, or when it has done it. */
  readonly lose?: "request" | "answer";
  /** Whether nobody is told that the connection has ended, so that the sender waits in vain. */
  readonly silent?: boolean;
  /** One of Kafka's error codes, such as `"NOT_LEADER_OR_FOLLOWER"`, in the place of the answer. */
  readonly error?: string;
  /** Whether it is done all the same. Default false. */
  readonly done?: boolean;
  /** What becomes of the bytes of the answer on the way. */
  readonly damage?: (answer: Uint8Array) => Uint8Array;
}

/** Decides what goes wrong with a request; `undefined`: nothing. */
export type SimulatedFaults = (request: SimulatedRequest) => SimulatedFault | undefined;
