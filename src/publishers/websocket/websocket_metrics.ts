/** What a `WebSocketPublisher` has done so far. */
export interface WebSocketPublisherMetrics {
  /** Connections that were opened: each beyond the first was needed because one was lost. */
  readonly connections: number;
  /** Messages that were sent, those that were sent again included. */
  readonly messages: number;
  /** Messages that were sent again over another connection: the other side may have them twice. */
  readonly resent: number;
  /** Bytes of all messages, without the frames around them. */
  readonly bytes: number;
  /** Messages that wait to be acknowledged, or without acknowledgements to leave. */
  readonly waiting: number;
  /** Why there is no connection, while another is tried for. Absent otherwise. */
  readonly reconnecting?: string;
}
