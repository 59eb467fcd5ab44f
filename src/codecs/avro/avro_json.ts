import { parseJson } from "../json/json_parse.ts";
import { schemaFault } from "./avro_fault.ts";
import { MAX_AVRO_JSON_DEPTH } from "./avro_limits.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const WHOLE = /^-?\d+$/;

/** The deepest nesting of brackets outside of strings. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if ((code | 0x20) === 0x7b) deepest = Math.max(deepest, ++depth); // [ or {
    else if ((code | 0x20) === 0x7d) depth--; // ] or }
  }
  return deepest;
}

/** The text of a schema as objects; whole numbers that a double does not hold become a `bigint`. */
export function parseSchemaText(text: string): unknown {
  const depth = nesting(text);
  if (depth > MAX_AVRO_JSON_DEPTH) {
    throw schemaFault(
      [],
      `its JSON is nested ${depth} levels deep, at most ${MAX_AVRO_JSON_DEPTH} are allowed`,
      "flatten it, or give inner types a name and refer to them",
    );
  }
  try {
    return parseJson(text, (_key, value, context) => {
      if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
      return context && WHOLE.test(context.source) ? BigInt(context.source) : value;
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw schemaFault(
      [],
      `its text is not JSON: ${error.message}`,
      'give JSON, such as \'"string"\' or \'{"type":"record",...}\', or an object',
    );
  }
}

type Replacer = (key: string, value: unknown) => unknown;

/** What newer runtimes have of `JSON`: the type library does not know it yet. */
const { stringify, rawJSON } = JSON as unknown as {
  stringify(value: unknown, replacer: Replacer): string | undefined;
  rawJSON(text: string): unknown;
};

/** A value as JSON; whole numbers may be a `bigint`. */
export function jsonOf(value: unknown): string {
  const bigints: Replacer = (_key, each) => typeof each === "bigint" ? rawJSON(`${each}`) : each;
  return stringify(value, bigints) ?? String(value);
}

/** A schema given as objects as JSON. */
export function schemaText(schema: object): string {
  try {
    return jsonOf(schema);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw schemaFault(
      [],
      `it cannot be written as JSON: ${error.message.split("\n")[0]}`,
      "give plain objects, and refer to a type by its name where it contains itself",
    );
  }
}
