import type { Cancel } from "../../../runtime/runtime.ts";
import { BACKOFF } from "./attempts.ts";
import type { ClusterView } from "./cluster_view.ts";

/** Who wants to know who leads what. */
export interface MetadataUser {
  /** What a broker says of a topic that was asked for: an error code, or 0. */
  judged(topic: string, code: number): void;
  /** No broker answered. */
  troubled(error: unknown): void;
  /** There was an answer, or none: look again. */
  changed(): void;
}

/** Asks for metadata when that is wanted, but not all the time. */
export class MetadataWatch {
  readonly #view: ClusterView;
  readonly #user: MetadataUser;
  readonly #wanted = new Set<string>();
  #timer: Cancel | undefined;
  #isAsking = false;
  #isClosed = false;
  #asked = 0;

  /** Asks for nothing yet. */
  constructor(view: ClusterView, user: MetadataUser) {
    this.#view = view;
    this.#user = user;
  }

  /** Asks for some topics, soon. */
  want(topics: Iterable<string>): void {
    if (this.#isClosed) return;
    for (const topic of topics) this.#wanted.add(topic);
    if (this.#isAsking || this.#timer !== undefined || this.#wanted.size === 0) return;
    if (this.#asked === 0) return void this.#ask();
    const { runtime } = this.#view;
    const waitMs = BACKOFF.delayMs(this.#asked, () => runtime.random());
    this.#timer = runtime.after(waitMs, () => {
      this.#timer = undefined;
      void this.#ask();
    });
  }

  /** All goes well: the next question is asked at once. */
  settled(): void {
    this.#asked = 0;
  }

  /** Asks no more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    this.#asked++;
    const topics = new Set(this.#wanted);
    this.#wanted.clear();
    try {
      const metadata = await this.#view.refresh(topics);
      if (this.#isClosed) return;
      for (const { topic, code } of metadata.topics) {
        if (topics.has(topic)) this.#user.judged(topic, code);
      }
    } catch (error) {
      if (!this.#isClosed) this.#user.troubled(error);
    } finally {
      this.#isAsking = false;
    }
    if (!this.#isClosed) this.#user.changed();
  }
}
