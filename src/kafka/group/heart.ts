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
  /** After how long without an answer a member's place may be another's, ms. */
  readonly sessionTimeoutMs: number;
  /** How long after the last answer that all is as it was, for the others need not wait longer. */
  readonly rebalanceTimeoutMs: number;
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
  /** When it sent what the coordinator heard last, and what it heard last while all was well. */
  #heardMs: number;
  #wellMs: number;
  readonly #well = Promise.withResolvers<void>();
  #unanswered = 0;
  #isStopped = false;

  /** Begins to beat: the coordinator has just heard of the member. */
  constructor(options: HeartOptions) {
    this.#options = options;
    this.#heardMs = this.#wellMs = options.runtime.monotonicMs();
    this.#awaitSession();
    this.#awaitBeat();
  }

  /** Beats now; resolves when the coordinator has answered to a beat from now on that all is well. */
  confirm(): Promise<void> {
    this.#beat();
    return this.#well.promise;
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
      this.#wellMs = Math.max(this.#wellMs, sentMs);
      this.#hear(sentMs);
      this.#well.resolve();
    } catch (error) {
      if (!this.#isStopped) this.#fail(error, sentMs);
    } finally {
      this.#unanswered--;
    }
  }

  #hear(sentMs: number): void {
    if (this.#isStopped) return;
    this.#heardMs = Math.max(this.#heardMs, sentMs);
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

  /**
   * Whoever hears nothing for so long has been given up by the coordinator; as has, later, who has
   * not joined again, and may have missed being told to.
   */
  #awaitSession(): void {
    const { runtime, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const untilMs = Math.min(this.#heardMs + sessionTimeoutMs, this.#wellMs + rebalanceTimeoutMs);
    this.#cancelSession = runtime.after(untilMs - runtime.monotonicMs(), () => this.#expire());
  }

  #expire(): void {
    const { runtime, identity: { groupId }, ended } = this.#options;
    this[Symbol.dispose]();
    const silentMs = Math.round(runtime.monotonicMs() - this.#heardMs);
    const error = new GroupChanged(
      `Cannot stay in group "${groupId}": no heartbeat was answered for ${silentMs} ms, or its ` +
        `members had to join again meanwhile; partitions may be another's by now`,
      { forgotten: false },
    );
    ended(error, true);
  }
}
