import { ExpressionReader, NAMED_OPERATORS } from "./expression_reader.ts";
import type { Declare } from "./function_reader.ts";

export interface FunctionSource {
  readonly form: "function" | "arrow" | "method" | "accessor" | "class";
  readonly isGenerator: boolean;
  readonly isAsync: boolean;
  /** Of a method, where its parameter list starts in the source; 0 for the other forms. */
  readonly parametersAt: number;
  /**
   * What it uses and does not declare: names, and where they come from outside too `this`,
   * `super`, `arguments`, `new.target`, `import.meta`, private names with their `#`, and relative
   * imports as `import("./x.js")`.
   */
  readonly free: readonly string[];
}

/** Reads statements, and the whole of a function's source. */
class FunctionReader extends ExpressionReader {
  read(): FunctionSource {
    const facts = this.#top();
    if (facts.form !== "class" && this.at.token.kind !== "end") throw this.at.unexpected("end");
    return { ...facts, free: this.scopes.free };
  }

  #top(): Omit<FunctionSource, "free"> {
    const facts = { isGenerator: false, isAsync: false, parametersAt: 0 };
    if (this.at.atName("class") && !this.peekIs("(")) return { form: "class", ...facts };
    const start = this.at.token;
    if (this.at.atName("async") && !this.at.peek().newlineBefore && !this.peekIs("=>")) {
      this.at.next();
      facts.isAsync = true;
    }
    if (this.at.eatName("function")) {
      facts.isGenerator = this.at.eat("*");
      if (this.at.token.kind === "name") this.scopes.declare(this.at.next().text);
      this.#topFunction();
      return { form: "function", ...facts };
    }
    if (this.arrowFunction()) return { form: "arrow", ...facts };
    this.at.reset(start);
    return this.#topMethod();
  }

  /** Unlike inner functions it is called without a receiver: `this` and `super` stay free. */
  #topFunction(): void {
    this.scopes.open(true);
    for (const name of ["arguments", "new.target"]) this.scopes.declare(name);
    this.parametersAndBody();
    this.scopes.close();
  }

  #topMethod(): Omit<FunctionSource, "free"> {
    const { accessor, isAsync, isGenerator } = this.modifiers();
    // A computed name is not part of what is shipped: its uses do not count.
    this.scopes.open();
    this.key();
    this.scopes.drop();
    const parametersAt = this.at.token.start;
    this.#topFunction();
    return { form: accessor ? "accessor" : "method", isAsync, isGenerator, parametersAt };
  }

  // Statements

  protected override block(): void {
    this.at.expect("{");
    while (!this.at.eat("}")) this.#statement();
  }

  #scopedBlock(): void {
    this.scopes.open();
    this.block();
    this.scopes.close();
  }

  #statement(): void {
    if (this.at.at("{")) return this.#scopedBlock();
    if (this.at.eat(";")) return;
    if (this.at.token.kind === "name") {
      if (this.peekIs(":")) {
        this.at.next();
        this.at.next();
        return this.#statement();
      }
      if (this.#declaration() || this.#keywordStatement(this.at.token.text)) return;
    }
    this.expression();
    this.at.eat(";");
  }

  #declaration(): boolean {
    const declare: Declare = (name) => this.scopes.declare(name);
    if (this.at.eatName("function")) this.functionAfterKeyword(declare);
    else if (this.at.eatName("class")) this.classAfterKeyword(declare);
    else if (this.at.atName("async") && this.#isAsyncFunctionAhead()) {
      this.at.next();
      this.at.next();
      this.functionAfterKeyword(declare);
    } else if (this.#variables()) this.at.eat(";");
    else return false;
    return true;
  }

  #isAsyncFunctionAhead(): boolean {
    const { text, newlineBefore } = this.at.peek();
    return text === "function" && !newlineBefore;
  }

  /** Takes `var`, `let`, `const` and `using` declarations if they come next. */
  #variables(noIn = false): boolean {
    if (!this.#variablesKeyword()) return false;
    const declare: Declare = this.at.next().text === "var"
      ? (name) => this.scopes.declareVar(name)
      : (name) => this.scopes.declare(name);
    do {
      this.binding(declare);
      if (this.at.eat("=")) this.assignment(noIn);
    } while (this.at.eat(","));
    return true;
  }

  /** Whether declarations come next; an `await` before `using` is taken. */
  #variablesKeyword(): boolean {
    const { text } = this.at.token;
    if (text === "var" || text === "let" || text === "const") return true;
    if (text === "using") return this.#nameFollows();
    if (text !== "await" || this.at.peek().text !== "using") return false;
    const start = this.at.next();
    if (this.#nameFollows()) return true;
    this.at.reset(start);
    return false;
  }

  #nameFollows(): boolean {
    const { kind, text, newlineBefore } = this.at.peek();
    return kind === "name" && !newlineBefore && !NAMED_OPERATORS.has(text);
  }

  /** Takes a statement that starts with the keyword `text`, if it is one. */
  #keywordStatement(text: string): boolean {
    const read = this.#statements[text];
    if (!read) return false;
    this.at.next();
    read();
    return true;
  }

  readonly #statements: Record<string, (() => void) | undefined> = {
    // Without a prototype, so that a variable called `constructor` is no statement.
    __proto__: null as never,
    if: () => {
      this.arguments();
      this.#statement();
      if (this.at.eatName("else")) this.#statement();
    },
    for: () => this.#for(),
    while: () => {
      this.arguments();
      this.#statement();
    },
    do: () => {
      this.#statement();
      this.at.next();
      this.arguments();
      this.at.eat(";");
    },
    return: () => this.#optionalExpression(),
    throw: () => this.#optionalExpression(),
    break: () => this.#jump(),
    continue: () => this.#jump(),
    debugger: () => this.at.eat(";"),
    switch: () => this.#switch(),
    try: () => this.#try(),
    with: () => {
      throw new SyntaxError("a `with` statement does not exist in modules");
    },
  };

  #optionalExpression(): void {
    const { newlineBefore } = this.at.token;
    if (!newlineBefore && !this.at.at(";") && !this.at.at("}")) this.expression();
    this.at.eat(";");
  }

  /** The label of a `break` or `continue` is not a use of a name. */
  #jump(): void {
    const { kind, newlineBefore } = this.at.token;
    if (kind === "name" && !newlineBefore) this.at.next();
    this.at.eat(";");
  }

  #for(): void {
    this.at.eatName("await");
    this.at.expect("(");
    this.scopes.open();
    if (!this.at.at(";") && !this.#variables(true)) this.expression(true);
    if (this.atNamedOperator()) {
      this.at.next();
      this.expression();
    } else {
      this.#forClauses();
    }
    this.at.expect(")");
    this.#statement();
    this.scopes.close();
  }

  #forClauses(): void {
    this.at.expect(";");
    if (!this.at.at(";")) this.expression();
    this.at.expect(";");
    if (!this.at.at(")")) this.expression();
  }

  #switch(): void {
    this.arguments();
    this.at.expect("{");
    this.scopes.open();
    while (!this.at.eat("}")) {
      if (this.at.eatName("case")) this.expression();
      else if (!this.at.eatName("default")) {
        this.#statement();
        continue;
      }
      this.at.expect(":");
    }
    this.scopes.close();
  }

  #try(): void {
    this.#scopedBlock();
    if (this.at.eatName("catch")) {
      this.scopes.open();
      if (this.at.eat("(")) {
        this.binding((name) => this.scopes.declare(name));
        this.at.expect(")");
      }
      this.block();
      this.scopes.close();
    }
    if (this.at.eatName("finally")) this.#scopedBlock();
  }
}

/**
 * Reads what a function's source, as `Function.prototype.toString` gives it, uses from outside.
 *
 * @throws {SyntaxError} when the source cannot be read; it then says where.
 */
export function readFunction(source: string): FunctionSource {
  return new FunctionReader(source).read();
}
