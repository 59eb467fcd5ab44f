import { concatBytes } from "../batch/concat_bytes.ts";
import { MessageFlag, type MessageHeader } from "./pipeline_frames.ts";

/** Puts messages together that came in pieces. */
export class MessagePieces {
  /** Pieces of messages that are not complete, by sender. */
  readonly #pieces = new Map<number, Uint8Array[]>();

  /** The whole body; `undefined` while more of it is to come. */
  whole(from: number, { flags }: MessageHeader, body: Uint8Array): Uint8Array | undefined {
    const pieces = this.#pieces.get(from) ?? [];
    if ((flags & MessageFlag.more) !== 0) {
      pieces.push(body.slice());
      this.#pieces.set(from, pieces);
      return undefined;
    }
    this.#pieces.delete(from);
    return concatBytes([...pieces, body]);
  }

  /** Forgets what is not complete. */
  clear(): void {
    this.#pieces.clear();
  }
}
