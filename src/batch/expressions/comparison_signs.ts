/** The signs of comparisons, for messages. */
export const COMPARISON_SIGNS: Readonly<Record<string, string>> = {
  eq: "=",
  ne: "≠",
  gt: ">",
  ge: "≥",
  lt: "<",
  le: "≤",
};
