import { type Declare, FunctionReader } from "./function_reader.ts";

const PREFIXES = new Set(["typeof", "void", "delete", "await", "new"]);
const PREFIX_SIGNS = new Set(["+", "-", "!", "~", "++", "--"]);
const CONSTANTS = new Set(["true", "false", "null"]);
/** Operators that are words. */
export const NAMED_OPERATORS: ReadonlySet<string> = new Set(["in", "of", "instanceof"]);
// Signs that can stand between two operands; "?" and ":" are handled apart.
const OPERATORS = new Set(
  ("= += -= *= /= %= **= <<= >>= >>>= &= |= ^= &&= ||= ??= + - * / % ** << >> >>> & | ^ " +
    "&& || ?? == != === !== < > <= >=").split(" "),
);
const OPERAND_ENDS = new Set([")", "]", "}", ",", ";", ":"]);
const MEMBER_ENDS = new Set(["(", "=", ";", "}", ",", ":"]);

/**
 * Reads expressions and classes, and functions in them, for the names that they declare and use.
 *
 * It follows the grammar as far as scopes need it: operators have no precedence here, and what an
 * engine would reject may pass, because the source comes from a function that an engine accepted.
 */
export abstract class ExpressionReader extends FunctionReader {
  protected expression(noIn = false): void {
    do this.assignment(noIn); while (this.at.eat(","));
  }

  /** One expression without commas: a run of operands and the operators between them. */
  protected override assignment(noIn = false): void {
    while (this.#operand() && this.#operator(noIn));
  }

  #operator(noIn: boolean): boolean {
    const { kind, text } = this.at.token;
    if (kind === "name") {
      if (text !== "instanceof" && (text !== "in" || noIn)) return false;
      this.at.next();
      return true;
    }
    if (kind !== "punctuator") return false;
    if (text === "?") {
      this.at.next();
      this.assignment();
      this.at.expect(":");
      return true;
    }
    if (!OPERATORS.has(text)) return false;
    this.at.next();
    return true;
  }

  /** Takes an operand; `false` when no operator can follow it, as after an arrow function. */
  #operand(): boolean {
    if (this.#prefixes()) return true;
    if (this.at.atName("yield")) return this.#yield();
    if (this.#isAsyncAhead()) {
      this.at.next();
      if (this.at.eatName("function")) this.functionAfterKeyword();
      else if (this.arrowFunction()) return false;
    } else if (this.arrowFunction()) return false;
    else this.#primary();
    this.#postfixes();
    return true;
  }

  /** Takes prefix operators; `true` when they were a whole operand, which is `new.target`. */
  #prefixes(): boolean {
    while (true) {
      const { kind, text } = this.at.token;
      const isPrefix = kind === "name" ? PREFIXES.has(text) : PREFIX_SIGNS.has(text);
      if (!isPrefix) return false;
      this.at.next();
      if (text === "new" && this.at.eat(".")) {
        this.at.next();
        this.scopes.use("new.target");
        this.#postfixes();
        return true;
      }
    }
  }

  /** Nothing can follow a `yield` that has no operand, not even a division. */
  #yield(): boolean {
    this.at.next();
    this.at.eat("*");
    const { kind, text, newlineBefore } = this.at.token;
    const ends = kind === "punctuator" && OPERAND_ENDS.has(text);
    if (ends || newlineBefore || kind === "end" || this.atNamedOperator()) return false;
    return this.#operand();
  }

  protected atNamedOperator(): boolean {
    return this.at.token.kind === "name" && NAMED_OPERATORS.has(this.at.token.text);
  }

  /** Whether `async` comes next and starts a function. */
  #isAsyncAhead(): boolean {
    if (!this.at.atName("async")) return false;
    const start = this.at.token;
    this.at.next();
    const { kind, text, newlineBefore } = this.at.token;
    const starts = !newlineBefore &&
      (kind === "name"
        ? text === "function" || this.peekIs("=>")
        : text === "(" && this.isArrowParenthesis());
    this.at.reset(start);
    return starts;
  }

  #primary(): void {
    const { kind, text } = this.at.token;
    if (kind === "name") return this.#named(text);
    if (kind === "private") this.scopes.use(this.at.next().text);
    else if (kind !== "punctuator") {
      if (kind === "end") throw this.at.unexpected("an expression");
      this.at.next();
    } else if (text === "(") this.arguments();
    else if (text === "[") this.#arrayLiteral();
    else if (text === "{") this.#objectLiteral();
    else if (text === "`") this.#template();
    else if (text === "/" || text === "/=") this.at.takeRegularExpression();
    else throw this.at.unexpected("an expression");
  }

  #named(text: string): void {
    this.at.next();
    if (text === "function") this.functionAfterKeyword();
    else if (text === "class") this.classAfterKeyword();
    else if (text === "import") this.#importAfterKeyword();
    else if (!CONSTANTS.has(text)) this.scopes.use(text);
  }

  #importAfterKeyword(): void {
    if (this.at.eat(".") && this.at.next().text === "meta") this.scopes.use("import.meta");
    if (!this.at.at("(")) return;
    const { kind, text } = this.at.peek();
    if (kind === "string" && /^.[./]/.test(text)) {
      this.scopes.use(`import("${text.slice(1, -1)}")`);
    }
  }

  #postfixes(): void {
    while (true) {
      const { kind, text, newlineBefore } = this.at.token;
      if (kind !== "punctuator") return;
      if (text === "(") this.arguments();
      else if (text === "`") this.#template();
      else if (text === "[") this.#index();
      else if (text === "." || text === "?.") this.#member();
      else if ((text === "++" || text === "--") && !newlineBefore) this.at.next();
      else return;
    }
  }

  #index(): void {
    this.at.expect("[");
    this.expression();
    this.at.expect("]");
  }

  #member(): void {
    this.at.next();
    if (this.at.token.kind === "private") this.scopes.use(this.at.token.text);
    if (this.at.token.kind !== "punctuator") this.at.next();
  }

  /** Arguments, a parenthesised expression, or on trial the parameters of an arrow function. */
  protected override arguments(): void {
    this.at.expect("(");
    while (!this.at.eat(")")) {
      this.at.eat("...");
      this.assignment();
      if (!this.at.at(")")) this.at.expect(",");
    }
  }

  #arrayLiteral(): void {
    this.at.expect("[");
    while (!this.at.eat("]")) {
      if (this.at.eat(",")) continue;
      this.at.eat("...");
      this.assignment();
    }
  }

  #objectLiteral(): void {
    this.at.expect("{");
    while (!this.at.eat("}")) {
      if (this.at.eat("...")) this.assignment();
      else this.#property();
      if (!this.at.at("}")) this.at.expect(",");
    }
  }

  #property(): void {
    this.modifiers();
    const key = this.key();
    if (this.at.at("(")) return this.ownFunction();
    if (this.at.eat(":")) return this.assignment();
    this.scopes.use(key.text);
    if (this.at.eat("=")) this.assignment();
  }

  #template(): void {
    let substitution = this.at.takeTemplateChunk();
    while (substitution) {
      this.expression();
      if (!this.at.at("}")) throw this.at.unexpected('"}"');
      substitution = this.at.takeTemplateChunk();
    }
  }

  // Classes

  /** Takes what stands before a member's key: a word is a modifier only if a key follows it. */
  protected modifiers(): { accessor: boolean; isAsync: boolean; isGenerator: boolean } {
    const found = { accessor: false, isAsync: false };
    while (this.#atModifier()) {
      const { text } = this.at.next();
      if (text === "async") found.isAsync = true;
      else if (text !== "static") found.accessor = true;
    }
    return { ...found, isGenerator: this.at.eat("*") };
  }

  #atModifier(): boolean {
    const { kind, text } = this.at.token;
    if (kind !== "name" || !["static", "async", "get", "set"].includes(text)) return false;
    const after = this.at.peek();
    return after.kind !== "end" && !(after.kind === "punctuator" && MEMBER_ENDS.has(after.text));
  }

  protected classAfterKeyword(declare?: Declare): void {
    const { kind, text } = this.at.token;
    this.scopes.open();
    if (kind === "name" && text !== "extends") {
      this.at.next();
      this.scopes.declare(text);
    }
    if (this.at.eatName("extends")) this.#operand();
    this.at.expect("{");
    while (!this.at.eat("}")) if (!this.at.eat(";")) this.#classMember();
    this.scopes.close();
    if (kind === "name" && text !== "extends") declare?.(text);
  }

  #classMember(): void {
    if (this.at.atName("static") && this.peekIs("{")) {
      this.at.next();
      return this.#initialiser(() => this.block());
    }
    this.modifiers();
    const key = this.key();
    if (key.kind === "private") this.scopes.declare(key.text);
    if (this.at.at("(")) this.ownFunction();
    else if (this.at.eat("=")) this.#initialiser(() => this.assignment());
  }

  /** A field's value or a static block: like a method it has a `this` of its own. */
  #initialiser(read: () => void): void {
    this.scopes.open(true);
    for (const name of ["this", "super", "new.target"]) this.scopes.declare(name);
    read();
    this.scopes.close();
  }
}
