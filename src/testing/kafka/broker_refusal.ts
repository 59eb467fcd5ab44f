/** What a broker answers when it does not do what it was asked: one of Kafka's error codes. */
export class BrokerRefusal extends Error {
  override readonly name = "BrokerRefusal";
  /** The code's name, such as `NOT_LEADER_OR_FOLLOWER`. */
  readonly code: string;

  /** With Kafka's own name of the error. */
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
