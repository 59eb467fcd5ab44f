/** A pattern of `like` taken apart: code points, and below 0 the two wildcards. */
export type LikePattern = readonly number[];

/** `_` in a {@linkcode LikePattern}: one code point. */
export const LIKE_ONE = -1;

/** `%` in a {@linkcode LikePattern}: any number of code points. */
export const LIKE_MANY = -2;

/** Takes a pattern apart; it must not end in its escape character. */
export function parseLike(pattern: string, escape: string): LikePattern {
  const parts: number[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at];
    if (character === escape) parts.push(characters[++at].codePointAt(0)!);
    else if (character === "_") parts.push(LIKE_ONE);
    else if (character !== "%") parts.push(character.codePointAt(0)!);
    else if (parts.at(-1) !== LIKE_MANY) parts.push(LIKE_MANY);
  }
  return parts;
}

/**
 * Whether the whole text fits the pattern. Each `%` takes as little as it can and one more when
 * what follows fails, so the time is at most text times pattern, whatever the pattern.
 */
export function matchesLike(text: string, pattern: LikePattern): boolean {
  let at = 0;
  let part = 0;
  let retryAt = -1;
  let retryPart = 0;
  while (at < text.length) {
    const point = text.codePointAt(at)!;
    if (pattern[part] === LIKE_MANY) {
      retryPart = ++part;
      retryAt = at;
    } else if (part < pattern.length && (pattern[part] === LIKE_ONE || pattern[part] === point)) {
      part++;
      at += width(point);
    } else if (retryAt >= 0) {
      part = retryPart;
      retryAt += width(text.codePointAt(retryAt)!);
      at = retryAt;
    } else {
      return false;
    }
  }
  while (pattern[part] === LIKE_MANY) part++;
  return part === pattern.length;
}

function width(point: number): number {
  return point > 0xffff ? 2 : 1;
}

/** The number of code points. */
export function countCodePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += width(text.codePointAt(at)!)) count++;
  return count;
}

/**
 * Below 0, 0 or above 0 as `a` sorts before, with or after `b` by code point, which is the order of
 * UTF-8 bytes. It differs from `<` of JavaScript where a code point above U+FFFF meets one from
 * U+E000 to U+FFFF.
 */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

// surrogates stand for code points above all others
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
