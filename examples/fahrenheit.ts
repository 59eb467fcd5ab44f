// A module whose function runs in the bees; docs/hive-stream.md starts a stream with it.

const FREEZING = 32;

/** Degrees Fahrenheit of a reading in degrees Celsius. */
export function toFahrenheit(reading: { temperature: number }): number {
  return reading.temperature * 9 / 5 + FREEZING;
}
