import type { Params } from "../decision.js";
import type { UrlText } from "./literal-backend.js";
import type { ParamsOf } from "./literal-path.js";

/** What is known of routes before the program runs, by their ids. When any text may be an id, it is nothing. */
export interface KnownRoutes {
  readonly [id: string]: {
    readonly params: Params;
    /** The services that it may lead to; `never` when it does not forward. */
    readonly service: string;
  };
}

/** What is known of the routes of a config: of each, if it is a literal that names each. */
export type KnownRoutesOf<Config> = Config extends readonly unknown[]
  ? RoutesById<Config>
  : Config extends { readonly routes: infer Routes extends readonly unknown[] }
    ? RoutesById<Routes>
    : KnownRoutes;

// A gateway without routes gets them by an update.
type RoutesById<Routes extends readonly unknown[]> = Routes extends readonly []
  ? KnownRoutes
  : Routes extends readonly { readonly id: string }[]
    ? {
        readonly [Route in Routes[number] as Route["id"]]: {
          readonly params: ParamsOf<Route>;
          readonly service: ServiceOf<Route>;
        };
      }
    : KnownRoutes;

type ServiceOf<Route> = Route extends { readonly to: infer To } ? ServiceOfTo<To> : never;

// URLs make a service whose name is their normal form, which a type cannot tell.
type ServiceOfTo<To> = To extends string
  ? To extends UrlText
    ? string
    : To
  : To extends readonly (infer Entry)[]
    ? Entry extends string
      ? string
      : ServiceOfBackend<Entry>
    : ServiceOfBackend<To>;

type ServiceOfBackend<Backend> =
  | NameIn<Backend>
  | (Backend extends { readonly fallback: infer Fallback } ? NameIn<Fallback> : never);

type NameIn<Owner> = Owner extends { readonly service: infer Name extends string } ? Name : never;
