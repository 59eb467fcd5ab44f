/** How often brokers may say that a topic is unknown before they are believed: for two seconds or so. */
const BELIEVED_ANSWERS = 8;

/** Topics that brokers do not know, which may be because they have not heard of them yet. */
export class UnknownTopics {
  readonly #answers = new Map<string, number>();

  /** A broker says that it does not know a topic: whether that was said so often that it is so. */
  isSo(topic: string): boolean {
    const answers = (this.#answers.get(topic) ?? 0) + 1;
    this.#answers.set(topic, answers);
    return answers >= BELIEVED_ANSWERS;
  }

  /** The topic is known. */
  found(topic: string): void {
    this.#answers.delete(topic);
  }

  /** Nobody has been asked yet. */
  clear(): void {
    this.#answers.clear();
  }
}
