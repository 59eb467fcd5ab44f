/** A bee's thread that fails when it has published what came of a batch, before it says it is done. */
const now = performance.now.bind(performance);
let left = 160;

performance.now = () => {
  // The clock is read at the end of a batch, and the batch acknowledged after that.
  const isFinishing = new Error().stack?.includes("#finish (") ?? false;
  if (isFinishing && left-- === 0) throw new Error("the clock broke");
  return now();
};
