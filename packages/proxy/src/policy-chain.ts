import type { Policy } from "./policy.js";

/** The policies of the gateway or of one route, in their order. */
export interface PolicyChain {
  readonly policies: readonly Policy[];
  /** Whether one of them looks at responses. */
  readonly hasResponse: boolean;
  /** A name that stands for none; undefined where all are known. */
  readonly unknown: string | undefined;
}

export const NO_POLICIES: PolicyChain = { policies: [], hasResponse: false, unknown: undefined };

/** What the names of policies stand for. Each list of names is looked up once, and again when it was replaced. */
export class PolicyChains {
  readonly #policies: { readonly [name: string]: Policy };
  readonly #chains = new WeakMap<readonly string[], PolicyChain>();

  constructor(policies: { readonly [name: string]: Policy }) {
    this.#policies = policies;
  }

  /** @param names the list as the gateway holds it */
  of(names: readonly string[]): PolicyChain {
    if (names.length === 0) return NO_POLICIES;
    const known = this.#chains.get(names);
    if (known !== undefined) return known;
    const chain = this.#chain(names);
    this.#chains.set(names, chain);
    return chain;
  }

  #chain(names: readonly string[]): PolicyChain {
    const unknown = names.find((name) => !Object.hasOwn(this.#policies, name));
    if (unknown !== undefined) return { ...NO_POLICIES, unknown };
    const policies = names.map((name) => this.#policies[name] as Policy);
    const hasResponse = policies.some(({ onResponse }) => onResponse !== undefined);
    return { policies, hasResponse, unknown };
  }
}
