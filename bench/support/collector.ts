const SWEEP_MS = 300;

/** Collects garbage, where benches may. */
export function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

/** The same, and waits: the collector sweeps on in threads of its own, at the cost of whoever comes next. */
export async function sweep(): Promise<void> {
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, SWEEP_MS));
}
