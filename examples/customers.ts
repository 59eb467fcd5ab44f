/**
 * Customers to learn from, for the examples: made up, the same in every run.
 *
 * @module
 */
import { SyntheticGenerator } from "@waggle/stream";

/** A customer. */
export interface Customer {
  id: number;
  segment: "basic" | "premium";
  status: "active" | "paused";
  age: number;
  lifetime_value: number;
}

/** Six hundred customers: every third is a premium one, and worth more. */
export function customers(): Customer[] {
  return Array.from({ length: 600 }, (_, i) => {
    const isPremium = i % 3 === 0;
    return {
      id: i,
      segment: isPremium ? "premium" : "basic",
      status: i % 5 === 0 ? "paused" : "active",
      age: 18 + (i * 7) % 60,
      lifetime_value: isPremium ? 4000 + (i * 37) % 14_000 : (i * 53) % 5000,
    };
  });
}

/** A generator that has learned them. */
export function customerGenerator(): Promise<SyntheticGenerator<Customer>> {
  return SyntheticGenerator.fit(customers(), { primaryKey: "id", seed: 1 });
}
