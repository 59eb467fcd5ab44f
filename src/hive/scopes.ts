/** One scope of names: those it declares, and those used in it and not yet found. */
class Scope {
  readonly declared = new Set<string>();
  readonly used = new Set<string>();

  constructor(readonly parent: Scope | undefined, readonly holdsVar: boolean) {}
}

/**
 * The nested scopes of a piece of source while it is read.
 *
 * Uses are resolved when their scope closes, because declarations may come after them (hoisting).
 */
export class Scopes {
  readonly #root: Scope = new Scope(undefined, true);
  #current: Scope = this.#root;

  /** The names used and declared nowhere, in the order in which their scopes closed. */
  get free(): string[] {
    return [...this.#root.used.difference(this.#root.declared)];
  }

  /** Opens a scope; with `holdsVar` it is one that `var` declarations go to. */
  open(holdsVar = false): void {
    this.#current = new Scope(this.#current, holdsVar);
  }

  /** Closes the innermost scope: what it does not declare is used by the one around it. */
  close(): void {
    const { declared, used } = this.#current;
    this.drop();
    for (const name of used) if (!declared.has(name)) this.#current.used.add(name);
  }

  /** Closes the innermost scope and forgets its uses. */
  drop(): void {
    this.#current = this.#current.parent ?? this.#root;
  }

  /** Notes a use of `name` here. */
  use(name: string): void {
    this.#current.used.add(name);
  }

  /** Declares `name` in the innermost scope. */
  declare(name: string): void {
    this.#current.declared.add(name);
  }

  /** Declares `name` as `var` does: in the innermost function. */
  declareVar(name: string): void {
    let scope = this.#current;
    while (!scope.holdsVar && scope.parent) scope = scope.parent;
    scope.declared.add(name);
  }
}
