import type { ConditionMap, MatchConfig, TextCondition } from "./match-config.js";
import type { NoParams, ParamNames } from "./literal-path.js";

interface LiteralMatch<Params> extends Omit<MatchConfig, "params"> {
  readonly params?: Params;
}

type ConditionsOn<Names extends string> = [Names] extends [never]
  ? NoParams
  : string extends Names
    ? ConditionMap
    : { readonly [Name in Names]?: TextCondition };

/** What one set of conditions may be: those on parameters name what its path has. */
export type MatchFor<Match> = LiteralMatch<ConditionsOn<ParamNames<Match>>>;

/** What the `match` of a route may be. */
export type MatchesFor<Route> = Route extends { readonly match: infer Match }
  ? Match extends readonly unknown[]
    ? { readonly [Index in keyof Match]: MatchFor<Match[Index]> }
    : MatchFor<Match>
  : MatchConfig | readonly MatchConfig[];
