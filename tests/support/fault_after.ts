/** Lets the clock of this thread run so often, and then does harm instead. */
export function faultAfter(calls: number, harm: () => void): void {
  const now = performance.now.bind(performance);
  let left = calls;
  performance.now = () => {
    if (left-- === 0) harm();
    return now();
  };
}
