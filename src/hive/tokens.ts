const TRIVIA = /(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)*/y;
const LINE_BREAK = /[\n\r\u2028\u2029]/;
const ESCAPE = String.raw`\\u(?:[\da-fA-F]{4}|\{[\da-fA-F]+\})`;
const NAME = new RegExp(
  String.raw`(?:[$_\p{ID_Start}]|${ESCAPE})(?:[$\u200c\u200d\p{ID_Continue}]|${ESCAPE})*`,
  "uy",
);
const NAME_PART = /[$\u200c\u200d\p{ID_Continue}]*/uy;
const NUMBER =
  /0[xX][\da-fA-F_]+n?|0[oO][0-7_]+n?|0[bB][01_]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?n?/y;
const PUNCTUATOR =
  />>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|<<|>>|\*\*|[{}()[\];,<>+\-*/%&|^!~?:=.`]/y;

/** What a token is; names include keywords, the template is its opening backtick alone. */
export type TokenKind = "name" | "private" | "number" | "string" | "punctuator" | "end";

/** One token of JavaScript source. */
export interface Token {
  readonly kind: TokenKind;
  /** A name with its escapes decoded, a private name with its `#`, else the source text. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether a line break stands before it, which is where a semicolon may be missing. */
  readonly newlineBefore: boolean;
}

function decodeName(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\u(?:\{([\da-fA-F]+)\}|([\da-fA-F]{4}))/g,
    (_, braced?: string, four?: string) => String.fromCodePoint(parseInt(braced ?? four!, 16)),
  );
}

/**
 * Reads tokens of JavaScript source, one at a time.
 *
 * Whether `/` starts a regular expression and `}` continues a template is known to the parser
 * alone: it asks for {@linkcode Tokenizer.regularExpressionEnd} and
 * {@linkcode Tokenizer.templateChunkEnd} where the grammar has them.
 */
export class Tokenizer {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  /**
   * The token at or after `from`.
   *
   * @throws {SyntaxError} when no token starts there.
   */
  read(from: number): Token {
    const trivia = this.#match(TRIVIA, from) ?? "";
    const start = from + trivia.length;
    const newlineBefore = LINE_BREAK.test(trivia);
    const [kind, raw] = this.#scan(start);
    const text = kind === "name" || kind === "private" ? decodeName(raw) : raw;
    return { kind, text, start, end: start + raw.length, newlineBefore };
  }

  #scan(start: number): [TokenKind, string] {
    if (start >= this.#source.length) return ["end", ""];
    const first = this.#source[start];
    if (first === '"' || first === "'") return ["string", this.#quoted(start, first)];
    if (first === "#") return ["private", "#" + (this.#match(NAME, start + 1) ?? "")];
    const name = this.#match(NAME, start);
    if (name !== undefined) return ["name", name];
    const number = this.#match(NUMBER, start);
    if (number !== undefined) return ["number", number];
    const punctuator = this.#match(PUNCTUATOR, start);
    if (punctuator !== undefined) return ["punctuator", punctuator];
    throw new SyntaxError(`unexpected ${JSON.stringify(first)} at position ${start}`);
  }

  #match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.#source)?.[0];
  }

  #quoted(start: number, quote: string): string {
    for (let i = start + 1; i < this.#source.length; i++) {
      if (this.#source[i] === "\\") i++;
      else if (this.#source[i] === quote) return this.#source.slice(start, i + 1);
    }
    throw new SyntaxError(`unterminated string at position ${start}`);
  }

  /** Where the regular expression that starts at `start` ends, flags included. */
  regularExpressionEnd(start: number): number {
    let inClass = false;
    for (let i = start + 1; i < this.#source.length; i++) {
      const character = this.#source[i];
      if (character === "\\") i++;
      else if (character === "[") inClass = true;
      else if (character === "]") inClass = false;
      else if (character === "/" && !inClass) {
        return i + 1 + (this.#match(NAME_PART, i + 1) ?? "").length;
      }
    }
    throw new SyntaxError(`unterminated regular expression at position ${start}`);
  }

  /**
   * Reads template text from `from`, which is just after a backtick or a substitution's `}`.
   *
   * @returns where the text ends, and whether a substitution follows (else the template is over).
   */
  templateChunkEnd(from: number): { end: number; substitution: boolean } {
    for (let i = from; i < this.#source.length; i++) {
      const character = this.#source[i];
      if (character === "\\") i++;
      else if (character === "`") return { end: i + 1, substitution: false };
      else if (character === "$" && this.#source[i + 1] === "{") {
        return { end: i + 2, substitution: true };
      }
    }
    throw new SyntaxError(`unterminated template at position ${from}`);
  }
}
