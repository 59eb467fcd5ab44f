import { WebSocketError } from "../../sources/websocket/errors.ts";

/** What the other side has refused for good, and whether somebody was told of it. */
export class Refusals {
  #untold: WebSocketError | undefined;
  #hasTold = false;

  /** Whether there is one that nobody was told of yet. */
  get hasUntold(): boolean {
    return this.#untold !== undefined;
  }

  /** Whether the last call has told of an error, which the end need not tell again then. */
  get hasTold(): boolean {
    return this.#hasTold;
  }

  /** Keeps one for whoever comes next. */
  keep(error: WebSocketError): void {
    this.#untold = error;
  }

  /** Tells of the one that is kept. @throws {WebSocketError} when there is one. */
  check(): void {
    const error = this.#untold;
    this.#untold = undefined;
    if (error) throw error;
  }

  /** A call has told of none. */
  wentWell(): void {
    this.#hasTold = false;
  }

  /** As a call does; notes whether that tells of an error. */
  async told<T>(call: Promise<T>): Promise<T> {
    try {
      const result = await call;
      this.wentWell();
      return result;
    } catch (error) {
      this.#hasTold = error instanceof WebSocketError;
      if (error === this.#untold) this.#untold = undefined;
      throw error;
    }
  }
}
