import type {
  ForwardDecision,
  NoneDecision,
  Params,
  RedirectDecision,
  RejectDecision,
  RespondDecision,
} from "../decision.js";
import type { KnownRoutes, KnownRoutesOf } from "./known-route.js";

/** A forward decision of a route that a literal config names: its parameters and services are known. */
export interface KnownForward<
  Id extends string,
  RouteParams extends Params,
  Service extends string,
> extends ForwardDecision {
  readonly route: Id;
  readonly params: RouteParams;
  readonly service: Service;
}

type KnownFinal<Id extends string> =
  | (RedirectDecision & { readonly route: Id })
  | (RespondDecision & { readonly route: Id })
  | (RejectDecision & { readonly route?: Id })
  | NoneDecision;

type IdsOf<Routes extends KnownRoutes> = keyof Routes & string;

type ForwardOf<Routes extends KnownRoutes> = {
  [Id in IdsOf<Routes>]: [Routes[Id]["service"]] extends [never]
    ? never
    : KnownForward<Id, Routes[Id]["params"], Routes[Id]["service"]>;
}[IdsOf<Routes>];

type MatchOf<Routes extends KnownRoutes, Match> = {
  [Id in IdsOf<Routes>]: Omit<Match, "route" | "params"> & {
    readonly route: Id;
    readonly params: Routes[Id]["params"];
  };
}[IdsOf<Routes>];

/** What a gateway answers that was made from a literal config with an id for each route. `Match` is a match of any route. */
export interface KnownAnswers<Routes extends KnownRoutes, Match> {
  readonly decision: ForwardOf<Routes> | KnownFinal<IdsOf<Routes>>;
  readonly match: MatchOf<Routes, Match> | KnownFinal<IdsOf<Routes>>;
}

interface WideAnswers {
  readonly match: { readonly kind: string };
}

/** What a gateway made from a config answers: `Wide` where its routes are not known. */
export type AnswersOf<Config, Wide extends WideAnswers> = [Config] extends [never]
  ? Wide
  : Config extends unknown
    ? KnownOr<KnownRoutesOf<Config>, Wide>
    : never;

type KnownOr<Routes extends KnownRoutes, Wide extends WideAnswers> = string extends keyof Routes
  ? Wide
  : KnownAnswers<Routes, Extract<Wide["match"], { readonly kind: "match" }>>;
