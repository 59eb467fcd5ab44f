import { setOwn } from "../../batch/misfit.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON_NEXT = /[ \t\r\n]*:/y;
/** Stands for a backslash in keys: half a character, which no text made from bytes has. */
const STAND_IN = "\ud800";

/** What `JSON.parse` takes: the third argument is newer than the type library. */
export type Reviver = (key: string, value: unknown, context?: { source: string }) => unknown;

/** The end of the string that starts at `start` of valid JSON, past its closing quote. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at + 1;
}

function isKey(text: string, end: number): boolean {
  COLON_NEXT.lastIndex = end;
  return COLON_NEXT.test(text);
}

/** A key without backslashes, which is the same for all ways to write the key. */
function spellPlainly(token: string): string {
  const inner = JSON.stringify(JSON.parse(token)).slice(1, -1).replaceAll('\\"', "\\u0022");
  return `"${inner.replaceAll("\\", STAND_IN)}"`;
}

/** Valid JSON with all its escaped keys spelt plainly; values stay as they are. */
function withPlainKeys(text: string): string {
  let plain = "";
  let taken = 0;
  let start = text.indexOf('"');
  while (start >= 0) {
    const end = stringEnd(text, start);
    const token = text.slice(start, end);
    if (token.includes("\\") && isKey(text, end)) {
      plain += text.slice(taken, start) + spellPlainly(token);
      taken = end;
    }
    start = text.indexOf('"', end);
  }
  return plain + text.slice(taken);
}

function restoreKey(key: string): string {
  return key.includes(STAND_IN) ? JSON.parse(`"${key.replaceAll(STAND_IN, "\\")}"`) : key;
}

/** Gives keys that were spelt plainly their backslashes and quotes back, each in its place. */
function restoreKeys(root: unknown): void {
  // No recursion: nobody has yet looked how deep it is.
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    const entries = Object.entries(value);
    for (const [, inner] of entries) open.push(inner);
    if (!entries.some(([key]) => key.includes(STAND_IN))) continue;
    for (const [key] of entries) delete (value as Record<string, unknown>)[key];
    for (const [key, inner] of entries) setOwn(value, restoreKey(key), inner);
  }
}

/**
 * Parses JSON that was made from bytes, as `JSON.parse` should. V8 15.0 takes an escaped key for
 * another one, with a backslash in it, that objects of the same first keys had before: after
 * `{"\\":1}` it reads `{"\u00e9":0}` as `{"\\":0}`. So it is given no escaped keys. `revive` sees
 * the keys that need escapes as they were given to V8.
 *
 * @throws {SyntaxError} as `JSON.parse` does.
 */
export function parseJson(text: string, revive?: Reviver): unknown {
  const parse = (json: string) => JSON.parse(json, revive as Parameters<typeof JSON.parse>[1]);
  const value = parse(text);
  if (!text.includes("\\")) return value;
  const plain = withPlainKeys(text);
  if (plain === text) return value;
  const restored = parse(plain);
  restoreKeys(restored);
  return restored;
}
