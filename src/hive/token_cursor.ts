import { type Token, Tokenizer } from "./tokens.ts";

/** A place in a stream of tokens with one token of lookahead, which can be returned to. */
export class TokenCursor {
  readonly #tokens: Tokenizer;
  #token: Token;

  constructor(source: string) {
    this.#tokens = new Tokenizer(source);
    this.#token = this.#tokens.read(0);
  }

  /** The token that comes next. */
  get token(): Token {
    return this.#token;
  }

  /**
   * Takes the next token.
   *
   * @throws {SyntaxError} at the end of the source, so that no loop can pass it.
   */
  next(): Token {
    const taken = this.#token;
    if (taken.kind === "end") throw this.unexpected("more source");
    this.#token = this.#tokens.read(taken.end);
    return taken;
  }

  /** Goes back to `token`, which was the next one before. */
  reset(token: Token): void {
    this.#token = token;
  }

  /** The token after the next one; not to be asked where the next one starts a template. */
  peek(): Token {
    return this.#tokens.read(this.#token.end);
  }

  /** Whether the next token is the punctuator `text`. */
  at(text: string): boolean {
    return this.#token.kind === "punctuator" && this.#token.text === text;
  }

  /** Whether the next token is the name or keyword `text`. */
  atName(text: string): boolean {
    return this.#token.kind === "name" && this.#token.text === text;
  }

  /** Takes the punctuator `text` if it comes next. */
  eat(text: string): boolean {
    if (!this.at(text)) return false;
    this.next();
    return true;
  }

  /** Takes the name or keyword `text` if it comes next. */
  eatName(text: string): boolean {
    if (!this.atName(text)) return false;
    this.next();
    return true;
  }

  /**
   * Takes the punctuator `text`.
   *
   * @throws {SyntaxError} when something else comes.
   */
  expect(text: string): void {
    if (!this.eat(text)) throw this.unexpected(`"${text}"`);
  }

  /** Takes a regular expression, whose `/` was read as a division. */
  takeRegularExpression(): void {
    this.#token = this.#tokens.read(this.#tokens.regularExpressionEnd(this.#token.start));
  }

  /**
   * Takes a piece of template text after the next token, which is a backtick or the `}` of a
   * substitution.
   *
   * @returns whether a substitution follows; else the template is over.
   */
  takeTemplateChunk(): boolean {
    const { end, substitution } = this.#tokens.templateChunkEnd(this.#token.end);
    this.#token = this.#tokens.read(end);
    return substitution;
  }

  /** The error for a next token that should have been `wanted`. */
  unexpected(wanted: string): SyntaxError {
    const { text, start } = this.#token;
    return new SyntaxError(
      `expected ${wanted} at position ${start}, found "${text || "the end"}"`,
    );
  }
}
