import type { Publisher } from "./publisher.ts";

/**
 * What a pipeline promises about its results when a bee is lost, while the process lives.
 *
 * Each may also be given as its string.
 *
 * @example
 * ```ts
 * import { count, DeliveryGuarantee, from, TumblingWindow } from "@waggle/stream";
 *
 * const { AtLeastOnce: deliveryGuarantee } = DeliveryGuarantee;
 * const perSecond = from([{ at: 1 }, { at: 2 }], { workers: 1, deliveryGuarantee })
 *   .timestamps("at").window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() });
 * const { lost, replayed } = await perSecond.run();
 * console.log(lost, replayed); // 0 0: no bee was lost
 * ```
 */
export const DeliveryGuarantee = {
  /**
   * Batches that a lost bee had and had not acknowledged are given up: their records are counted
   * as `lost`, are in no result and go to no bee again. What other bees have done stays.
   */
  AtMostOnce: "atMostOnce",
  /**
   * Batches are sent again. Results may leave before their batch is acknowledged, or the state that
   * they come from is saved, and those leave again.
   */
  AtLeastOnce: "atLeastOnce",
  /** Batches are sent again, and no result leaves twice. */
  ExactlyOnce: "exactlyOnce",
} as const;

/** What a pipeline promises about its results when a bee is lost. */
export type DeliveryGuarantee = (typeof DeliveryGuarantee)[keyof typeof DeliveryGuarantee];

/** All of them, for checks. */
export const DELIVERY_GUARANTEES: readonly DeliveryGuarantee[] = Object.values(DeliveryGuarantee);

/**
 * Checks that a publisher can keep a promise.
 *
 * @throws {TypeError} when it would take more than there is.
 */
export function checkDelivery(publisher: Publisher, guarantee: DeliveryGuarantee): void {
  if (guarantee !== DeliveryGuarantee.ExactlyOnce) return;
  if (publisher.exactlyOnceNeeds !== "checkpoints") return;
  const { name } = publisher.constructor;
  throw new TypeError(
    `Cannot publish exactly once to ${name && name !== "Object" ? name : "this publisher"}: its ` +
      `readers go on when this process dies, which takes checkpoints that outlive the process, ` +
      `and there are none; received deliveryGuarantee "${guarantee}" (the default), pass ` +
      `DeliveryGuarantee.AtLeastOnce or AtMostOnce`,
  );
}
