/** A condition on a text: the text itself (equal), or exactly one of these forms. `ignoreCase` goes with the text ones. */
export type TextCondition =
  | string
  | { readonly equals: string; readonly ignoreCase?: boolean }
  | { readonly startsWith: string; readonly ignoreCase?: boolean }
  | { readonly endsWith: string; readonly ignoreCase?: boolean }
  | { readonly contains: string; readonly ignoreCase?: boolean }
  | { readonly regex: string; readonly ignoreCase?: boolean }
  | { readonly oneOf: readonly string[]; readonly ignoreCase?: boolean }
  | { readonly range: { readonly from?: number; readonly to?: number } }
  | { readonly present: boolean }
  | { readonly not: TextCondition };

/** A pattern of whole segments (`/a/:id`, a final `/*`), or one of the other forms. */
export type PathCondition =
  | string
  | { readonly exact: string }
  | { readonly prefix: string }
  | { readonly startsWith: string }
  | { readonly regex: string };

/** Conditions by name; all must hold. */
export type ConditionMap = { readonly [name: string]: TextCondition };

/** The conditions of a route. Those that are left out always hold. */
export interface MatchConfig {
  /** Default: every path, with the precedence of the prefix `/`. */
  readonly path?: PathCondition;
  /** `api.shop.com`, or `*.shop.com` for any number of labels before it. Default: every host. */
  readonly host?: string | readonly string[];
  /** Exact method names. Default: every method. */
  readonly method?: string | readonly string[];
  /** Names ignore case. */
  readonly headers?: ConditionMap;
  readonly query?: ConditionMap;
  readonly cookies?: ConditionMap;
  /** Path parameters of the pattern, in canonical form, not decoded. */
  readonly params?: ConditionMap;
  /** Facts that are text, numbers or booleans; others are as if absent. */
  readonly facts?: ConditionMap;
  /** CIDR ranges or addresses of the trusted client address. */
  readonly clientAddress?: string | readonly string[];
  readonly protocol?: "http" | "https";
  /** Local port of the socket. */
  readonly port?: number | readonly number[];
}
