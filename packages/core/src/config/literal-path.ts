import type { Params } from "../decision.js";
import type { IsLiteralText } from "./literal-text.js";

/** Stands as a type in place of the parameters of a path that has none. */
export type NoParams = "this path has no parameters";

type Nothing = Record<never, never>;

/** `:id` -> `id`; nothing for a static segment. */
export type ParamOfSegment<Segment> = Segment extends `:${infer Name}` ? Name : never;

/** Names of the parameters of a pattern: `/a/:id/*` has `id` and `*`. */
type NamesInPattern<Pattern> = Pattern extends `${string}/:${string}` | `${string}/*`
  ? NamesBySegment<Pattern>
  : never;

type NamesBySegment<
  Pattern,
  Found extends string = never,
> = Pattern extends `${infer Segment}/${infer Rest}`
  ? NamesBySegment<Rest, Found | ParamOfSegment<Segment>>
  : Found | (Pattern extends "*" ? "*" : ParamOfSegment<Pattern>);

/** What a path condition gives: the parameters of a pattern, none for the other forms, any where the pattern is not known. */
type ParamsOfPath<Path> = [Extract<Path, string>] extends [never]
  ? Nothing
  : IsLiteralText<Extract<Path, string>> extends true
    ? ParamsOfPattern<Path>
    : Params;

type ParamsOfPattern<Path> = Path extends string
  ? { readonly [Name in NamesInPattern<Path>]: string }
  : Nothing;

type ParamsOfMatch<Match> = Match extends { readonly path?: infer Path }
  ? ParamsOfPath<Path>
  : Nothing;

/** The parameters of a route or a match: a union with one member for each alternative. */
type ParamsByAlternative<Owner> = Owner extends { readonly match: infer Match }
  ? Match extends readonly (infer Alternative)[]
    ? Alternative extends unknown
      ? ParamsOfMatch<Alternative>
      : never
    : ParamsOfMatch<Match>
  : ParamsOfMatch<Owner>;

// The keys of a union are those that all its members have.
type NamesInAll<Alternatives> = keyof Alternatives & string;

type NamesInAny<Alternatives> = Alternatives extends unknown ? keyof Alternatives & string : never;

/** Names of the parameters that every alternative of a route or a match has: what a template may use. */
export type ParamNames<Owner> = NamesInAll<ParamsByAlternative<Owner>>;

/** The parameters of a decision of a route. One that only some alternatives have may be missing. */
export type ParamsOf<Route> = MergedParams<ParamsByAlternative<Route>>;

type MergedParams<Alternatives> =
  string extends NamesInAny<Alternatives>
    ? Params
    : [NamesInAny<Alternatives>] extends [NamesInAll<Alternatives>]
      ? { readonly [Name in NamesInAll<Alternatives>]: string }
      : {
          readonly [Name in NamesInAll<Alternatives>]: string;
        } & {
          readonly [Name in Exclude<NamesInAny<Alternatives>, NamesInAll<Alternatives>>]?: string;
        };
