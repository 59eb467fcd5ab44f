import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import type { GroupCoordinator, GroupIdentity } from "../driver/driver.ts";
import { GroupChanged } from "../driver/kafka_error.ts";
import { isPassing } from "./passing.ts";

/** A coordinator that does not answer is not asked more than this at once. */
const MOST_UNANSWERED = 3;

/** Options of a {@linkcode Heart}. */
export interface HeartOptions {
  readonly coordinator: GroupCoordinator;
  readonly identity: GroupIdentity;
  /** How often it beats, ms. */
  readonly heartbeatMs: number;
  /** After how long without an answer a member counts as gone, ms. */
  readonly sessionTimeoutMs: number;
  readonly runtime: Runtime;
  /** The generation has ended: with the others' consent, or a member's place in it is lost. */
  readonly ended: (error: unknown, isLost: boolean) => void;
}

/** Whether a member's partitions may be another's by now. */
export function losesPlace(error: GroupChanged): boolean {
  return error.forgotten || error.code === "ILLEGAL_GENERATION";
}

/** Tells a group's coordinator that a member lives, and hears of it when members have to join again. */
export class Heart implements Disposable {
  readonly #options: HeartOptions;
  #cancelBeat: Cancel = () => {};
  #cancelSession: Cancel = () => {};
  #heardMs: number;
  #unanswered = 0;
  #isStopped = false;

  /** Begins to beat: the coordinator has just heard of the member. */
  constructor(options: HeartOptions) {
    this.#options = options;
    this.#heardMs = options.runtime.monotonicMs();
    this.#awaitSession();
    this.#awaitBeat();
  }

  /** Beats no more. */
  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#cancelBeat();
    this.#cancelSession();
  }

  #awaitBeat(): void {
    const { runtime, heartbeatMs } = this.#options;
    this.#cancelBeat = runtime.after(heartbeatMs, () => {
      this.#awaitBeat();
      if (this.#unanswered < MOST_UNANSWERED) this.#beat();
    });
  }

  async #beat(): Promise<void> {
    const { coordinator, identity, runtime } = this.#options;
    const sentMs = runtime.monotonicMs();
    this.#unanswered++;
    try {
      await coordinator.heartbeat(identity);
      this.#hear(sentMs);
    } catch (error) {
      if (!this.#isStopped) this.#fail(error, sentMs);
    } finally {
      this.#unanswered--;
    }
  }

  /** The coordinator heard it when it was sent or later. */
  #hear(sentMs: number): void {
    if (this.#isStopped || sentMs <= this.#heardMs) return;
    this.#heardMs = sentMs;
    this.#cancelSession();
    this.#awaitSession();
  }

  #fail(error: unknown, sentMs: number): void {
    if (isPassing(error)) return;
    const isLost = !(error instanceof GroupChanged) || losesPlace(error);
    if (isLost) this[Symbol.dispose]();
    else this.#hear(sentMs);
    this.#options.ended(error, isLost);
  }

  /** Whoever hears nothing for so long has been given up by the coordinator. */
  #awaitSession(): void {
    const { runtime, sessionTimeoutMs, identity: { groupId } } = this.#options;
    const leftMs = this.#heardMs + sessionTimeoutMs - runtime.monotonicMs();
    this.#cancelSession = runtime.after(leftMs, () => {
      this[Symbol.dispose]();
      const error = new GroupChanged(
        `Cannot stay in group "${groupId}": no heartbeat was answered for ${sessionTimeoutMs} ms, ` +
          `so its partitions may be another's by now`,
        { forgotten: false },
      );
      this.#options.ended(error, true);
    });
  }
}
