/** Without what could act on a terminal: escape and other control characters but line ends. */
export function terminalText(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** A number as people read it: `12,345`. */
export function count(value: number): string {
  // toLocaleString() takes a while to load what it knows of all languages
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** How many there are of something: `1 batch`, `2 batches`. */
export function several(value: number, one: string, more: string): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

/** A length of time as people read it: `1.5 s`, `2:05`, `1:02:05`. */
export function elapsed(ms: number): string {
  if (!Number.isFinite(ms)) return "?";
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
