import { COMPARE_TEXT_WITH, LIKE, TEXT } from "../../kernel/expression_ops.ts";
import type { Register } from "./assembler.ts";
import type { Checked } from "./checked.ts";
import type { Lowering } from "./lowering.ts";
import type { LikeNode } from "./node.ts";
import { compareText, LIKE_MANY, LIKE_ONE, type LikePattern, parseLike } from "./text.ts";
import type { Value } from "./values.ts";

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Texts in the order of their bytes. */
export function sortedTexts(values: ReadonlySet<Value>): Uint8Array[] {
  return [...values as ReadonlySet<string>].sort(compareText).map(encodeText);
}

/** The register of `like`; patterns that only begin, end or surround are plain searches. */
export function lowerLike(low: Lowering, { node, args: [arg] }: Checked): Register | undefined {
  const a = low.register(arg);
  if (a === undefined) return undefined;
  const { pattern, escape } = node as LikeNode;
  const parts = parseLike(pattern, escape);
  const plain = plainSearch(parts);
  if (plain === undefined) return low.emitWith(TEXT.like, { a }, encodePattern(parts));
  const text = String.fromCodePoint(...plain.text);
  if (plain.op !== COMPARE_TEXT_WITH) {
    return low.emit(plain.op, { a, b: low.constant("text", text) });
  }
  const bytes = encodeText(text);
  return low.emitWith(COMPARE_TEXT_WITH, { a }, { bytes, units: bytes.length });
}

interface PlainSearch {
  readonly op: number;
  readonly text: readonly number[];
}

function plainSearch(parts: LikePattern): PlainSearch | undefined {
  const opens = parts[0] === LIKE_MANY;
  const ends = parts.length > 1 && parts[parts.length - 1] === LIKE_MANY;
  const text = parts.slice(opens ? 1 : 0, ends ? -1 : undefined);
  if (text.includes(LIKE_MANY) || text.includes(LIKE_ONE)) return undefined;
  if (opens) return { op: ends ? TEXT.contains : TEXT.endsWith, text };
  return { op: ends ? TEXT.startsWith : COMPARE_TEXT_WITH, text };
}

function encodePattern(parts: LikePattern): { bytes: Uint8Array; units: number } {
  const units: number[] = [];
  for (const part of parts) {
    if (part === LIKE_ONE) units.push(LIKE.one);
    else if (part === LIKE_MANY) units.push(LIKE.many);
    else units.push(...encodeText(String.fromCodePoint(part)));
  }
  const encoded = Uint16Array.from(units);
  return { bytes: new Uint8Array(encoded.buffer), units: units.length };
}
