/** What gives the bytes of a stream. */
export interface ByteSupply extends Disposable {
  /** The next bytes, none of them empty; `undefined` when there are no more, or it is over meanwhile. */
  next(isOver: () => boolean): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** The bytes behind all others. */
  last?(): Uint8Array<ArrayBuffer>;
  /** Wants no more of what the bytes are made of; never rejects. */
  stop(reason: unknown): Promise<void>;
}

/**
 * A stream that asks for bytes when it is read, and never ahead. What fails there fails the stream;
 * who cancels the stream stops it.
 */
export function streamOnDemand(supply: ByteSupply): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isOver = false;
  const end = () => {
    if (!isOver) supply[Symbol.dispose]();
    isOver = true;
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const bytes = await supply.next(() => isOver);
        if (isOver) return;
        if (bytes) return controller.enqueue(bytes);
        const last = supply.last?.();
        if (last && last.length > 0) controller.enqueue(last);
        controller.close();
        end();
      } catch (error) {
        if (isOver) return; // nobody listens any more
        end();
        await supply.stop(error);
        throw error;
      }
    },
    async cancel(reason) {
      end();
      await supply.stop(reason);
    },
  }, { highWaterMark: 0 });
}
