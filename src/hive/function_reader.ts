import { Scopes } from "./scopes.ts";
import { TokenCursor } from "./token_cursor.ts";
import type { Token } from "./tokens.ts";

/** Notes a declared name in the scope where it belongs. */
export type Declare = (name: string) => void;

/** Reads functions, and the patterns that they and variables bind names by. */
export abstract class FunctionReader {
  /** The place in the source. */
  protected readonly at: TokenCursor;
  /** The scopes around that place. */
  protected readonly scopes: Scopes = new Scopes();
  // Whether the parenthesis at a position opens the parameters of an arrow function.
  readonly #arrows = new Map<number, boolean>();

  /** Starts before the first token of `source`. */
  constructor(source: string) {
    this.at = new TokenCursor(source);
  }

  /** Takes statements in braces; the scope around them is the caller's. */
  protected abstract block(): void;

  /** Takes one expression without commas. */
  protected abstract assignment(): void;

  /** Takes arguments, or on trial the parameters of an arrow function. */
  protected abstract arguments(): void;

  protected functionAfterKeyword(declare?: Declare): void {
    this.at.eat("*");
    const name = this.at.token.kind === "name" ? this.at.next().text : undefined;
    if (name !== undefined) declare?.(name);
    this.scopes.open();
    if (name !== undefined && !declare) this.scopes.declare(name);
    this.ownFunction();
    this.scopes.close();
  }

  /** Parameters and body of a function with a `this` of its own. */
  protected ownFunction(): void {
    this.scopes.open(true);
    for (const name of ["this", "super", "arguments", "new.target"]) this.scopes.declare(name);
    this.parametersAndBody();
    this.scopes.close();
  }

  protected parametersAndBody(): void {
    this.#parameters();
    this.#functionBody();
  }

  #parameters(): void {
    this.at.expect("(");
    while (!this.at.eat(")")) {
      this.at.eat("...");
      this.#bindingWithDefault((name) => this.scopes.declare(name));
      if (!this.at.at(")")) this.at.expect(",");
    }
  }

  /** A body's variables are not seen by the parameters' defaults, so it is a scope of its own. */
  #functionBody(): void {
    this.scopes.open(true);
    this.block();
    this.scopes.close();
  }

  /** Takes an arrow function, after any `async`, if one is next. */
  protected arrowFunction(): boolean {
    const single = this.at.token.kind === "name" && this.peekIs("=>");
    if (!single && !(this.at.at("(") && this.isArrowParenthesis())) return false;
    this.scopes.open(true);
    if (single) this.scopes.declare(this.at.next().text);
    else this.#parameters();
    this.at.expect("=>");
    if (this.at.at("{")) this.#functionBody();
    else this.assignment();
    this.scopes.close();
    return true;
  }

  /** Reads the parenthesis as an expression on trial, to see whether `=>` follows it. */
  protected isArrowParenthesis(): boolean {
    const start = this.at.token;
    const known = this.#arrows.get(start.start);
    if (known !== undefined) return known;
    this.scopes.open(true);
    this.arguments();
    this.scopes.drop();
    const isArrow = this.at.at("=>");
    this.at.reset(start);
    this.#arrows.set(start.start, isArrow);
    return isArrow;
  }

  #bindingWithDefault(declare: Declare): void {
    this.binding(declare);
    if (this.at.eat("=")) this.assignment();
  }

  protected binding(declare: Declare): void {
    if (this.at.eat("[")) return this.#arrayBinding(declare);
    if (this.at.eat("{")) return this.#objectBinding(declare);
    if (this.at.token.kind !== "name") throw this.at.unexpected("a name");
    declare(this.at.next().text);
  }

  #arrayBinding(declare: Declare): void {
    while (!this.at.eat("]")) {
      if (this.at.eat(",")) continue;
      this.at.eat("...");
      this.#bindingWithDefault(declare);
    }
  }

  #objectBinding(declare: Declare): void {
    while (!this.at.eat("}")) {
      if (this.at.eat("...")) this.binding(declare);
      else this.#propertyBinding(declare);
      this.at.eat(",");
    }
  }

  #propertyBinding(declare: Declare): void {
    const key = this.key();
    if (this.at.eat(":")) return this.#bindingWithDefault(declare);
    declare(key.text);
    if (this.at.eat("=")) this.assignment();
  }

  /** A property's key; of a computed one the expression's uses count. */
  protected key(): Token {
    const key = this.at.next();
    if (key.text === "[" && key.kind === "punctuator") {
      this.assignment();
      this.at.expect("]");
    }
    return key;
  }

  /** Whether a punctuator comes behind the next token. */
  protected peekIs(text: string): boolean {
    const { kind, text: found } = this.at.peek();
    return kind === "punctuator" && found === text;
  }
}
