import type { MatchConfig } from "./match-config.js";
import type { RedirectConfig, RespondConfig, RewriteConfig } from "./rewrite-config.js";
import type { MirrorConfig, RouteConfig, ShortRouteConfig, ToConfig } from "./route-config.js";
import type { MirrorsFor, ToFor } from "./literal-backend.js";
import type { MatchesFor, MatchFor } from "./literal-match.js";
import type { ParamNames } from "./literal-path.js";
import type { KnownServices, NoServices } from "./literal-service.js";
import type { RewriteFor } from "./literal-template.js";
import type { Plain } from "./plain.js";

type Action = "to" | "redirect" | "respond";

/** Fields that act on forwarded requests. */
type ForwardField =
  | "rewrite"
  | "responseRewrite"
  | "requestHeaders"
  | "timeouts"
  | "retry"
  | "hedge"
  | "limits"
  | "mirror";

type AnyField = Omit<RouteConfig, "match" | Action | ForwardField>;

interface ForwardRoute<To = ToConfig, Rewrite = RewriteConfig, Mirrors = readonly MirrorConfig[]>
  extends
    AnyField,
    Pick<
      RouteConfig,
      "responseRewrite" | "requestHeaders" | "timeouts" | "retry" | "hedge" | "limits"
    > {
  readonly to: To;
  readonly rewrite?: Rewrite;
  readonly mirror?: Mirrors;
}

interface RedirectRoute extends AnyField {
  readonly redirect: RedirectConfig;
}

interface RespondRoute extends AnyField {
  readonly respond: RespondConfig;
}

/** Those of `Fields` that a route gives. */
type GivenOf<Route, Fields extends PropertyKey> = {
  [Field in Fields & keyof Route]: Route extends { readonly [Given in Field]: object }
    ? Field
    : never;
}[Fields & keyof Route];

/** Fields that have no place on a route: their type is the reason. */
type Misplaced<Route, Fields extends PropertyKey, Reason extends string> = [
  GivenOf<Route, Fields>,
] extends [never]
  ? unknown
  : { readonly [Field in GivenOf<Route, Fields>]?: Reason };

type SecondAction<Route, Fields extends Action> = Misplaced<
  Route,
  Fields,
  "a route has exactly one of to, redirect and respond"
>;

type WithoutForward<Route> = Misplaced<
  Route,
  ForwardField,
  "it acts on forwarded requests: only a route with `to` has it"
>;

type ForwardFor<To, Route, Known extends KnownServices, Names extends string> = ForwardRoute<
  ToFor<To, Known, Names>,
  RewriteFor<Route, Names>,
  MirrorsFor<Route, Known>
> &
  SecondAction<Route, "redirect" | "respond">;

/** The first action that a route gives decides what else it may have. */
type ActionFor<Route, Known extends KnownServices> = Route extends { readonly to: infer To }
  ? ForwardFor<To, Route, Known, ParamNames<Route>>
  : Route extends { readonly redirect: unknown }
    ? RedirectRoute & SecondAction<Route, "respond"> & WithoutForward<Route>
    : Route extends { readonly respond: unknown }
      ? RespondRoute & WithoutForward<Route>
      : ForwardRoute | RedirectRoute | RespondRoute;

type OwnMatch<Route> = { readonly match?: MatchesFor<Route> };

/** Match fields on the route itself, or a match. */
type ShortMatch<Route> = MatchFor<Route> & {
  readonly match?: [keyof Route & keyof MatchConfig] extends [never]
    ? MatchesFor<Route>
    : "a route has match fields of its own or a match, not both";
};

type Acting =
  { readonly to: unknown } | { readonly redirect: unknown } | { readonly respond: unknown };

/** Whether the type of a route leaves open which action it has: it was made elsewhere, and is checked at run time. */
type IsOpen<Route> = Route extends Acting
  ? false
  : [keyof Route & Action] extends [never]
    ? false
    : true;

type RouteFor<Route, Known extends KnownServices> =
  IsOpen<Route> extends true ? Plain<RouteConfig> : ActionFor<Route, Known> & OwnMatch<Route>;

type ShortRouteFor<Route> =
  IsOpen<Route> extends true
    ? Plain<ShortRouteConfig>
    : ActionFor<Route, NoServices> & ShortMatch<Route>;

/** Whether routes are an array of unknown length, and not the list that somebody wrote. */
type IsArray<Routes extends readonly unknown[]> = Routes[number][] extends Routes ? true : false;

/** What the routes of a literal may be. */
export type RoutesFor<Routes extends readonly unknown[], Known extends KnownServices> =
  IsArray<Routes> extends true
    ? readonly Plain<RouteConfig>[]
    : { readonly [Index in keyof Routes]: RouteFor<Routes[Index], Known> };

/** What the routes of a literal in the short form may be. */
export type ShortRoutesFor<Routes extends readonly unknown[]> =
  IsArray<Routes> extends true
    ? readonly Plain<ShortRouteConfig>[]
    : { readonly [Index in keyof Routes]: ShortRouteFor<Routes[Index]> };
