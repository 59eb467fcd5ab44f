import type { ServerFigures } from "../../sources/websocket_server/socket_server.ts";

/** Counts what went to clients, of all of them together. */
export class SentCounts {
  messages = 0;
  records = 0;
  bytes = 0;
  droppedMessages = 0;
  droppedRecords = 0;
  closedSlow = 0;
}

/** What a server has sent, all clients together. */
export interface FanOutFigures extends ServerFigures {
  /** Messages that were handed to connections: one batch for three clients are three. */
  readonly sentMessages: number;
  /** Records in them. */
  readonly sentRecords: number;
  /** Bytes of them. */
  readonly sentBytes: number;
  /** Messages that a client did not get because it was slow. */
  readonly droppedMessages: number;
  /** Records in them. */
  readonly droppedRecords: number;
  /** Connections that were ended because their client was slow. */
  readonly closedSlow: number;
}

/** The figures of a server, and of what it has sent. */
export function fanOutFigures(server: ServerFigures, counts: SentCounts): FanOutFigures {
  return {
    ...server,
    sentMessages: counts.messages,
    sentRecords: counts.records,
    sentBytes: counts.bytes,
    droppedMessages: counts.droppedMessages,
    droppedRecords: counts.droppedRecords,
    closedSlow: counts.closedSlow,
  };
}
