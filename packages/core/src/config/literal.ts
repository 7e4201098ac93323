import type { ConfigInput, GatewayConfig } from "./config.js";
import type { ShortRouteConfig } from "./route-config.js";
import type { RoutesFor, ShortRoutesFor } from "./literal-route.js";
import type { ServicesOf } from "./literal-service.js";
import type { IsWritten, PartFor } from "./plain.js";

type AnyServices = NonNullable<GatewayConfig["services"]>;

interface LiteralConfig<Services, Routes> extends Omit<GatewayConfig, "services" | "routes"> {
  readonly services?: Services;
  readonly routes: Routes;
}

type ServicesFor<Config> = Config extends { readonly services: infer Given }
  ? PartFor<Given, AnyServices>
  : AnyServices;

type GatewayConfigFor<Config> = Config extends {
  readonly routes: infer Routes extends readonly unknown[];
}
  ? IsWritten<Config> extends true
    ? LiteralConfig<ServicesFor<Config>, RoutesFor<Routes, ServicesOf<Config>>>
    : PartFor<Config, GatewayConfig>
  : ConfigInput;

type AnyConfigFor<Config> = Config extends readonly unknown[]
  ? Config extends unknown[]
    ? PartFor<Config, readonly ShortRouteConfig[]>
    : ShortRoutesFor<Config>
  : GatewayConfigFor<Config>;

/**
 * What the argument of `createGateway` may be, given what it is.
 *
 * The type of a literal is inferred as it was written, letter by letter, and this type is built from it: each `to`
 * gets the names of the services that the same literal has, each `version` the versions of the service beside it, each
 * template the parameters of the path of its route. Then the literal is compared with that. So an error stands at the
 * one field that is wrong, and its message and the editor's suggestions list what is right. In all files of this
 * kind, `XFor<Y, …>` is what an X may be, given that it is Y.
 *
 * What the type of a literal does not know (`string`, an array of unknown length, a `RouteConfig`) is accepted, and
 * checked at run time. A config that was made elsewhere is accepted in its plain form.
 *
 * The branch that is `Config` itself is there to infer it from. Only `any` takes it.
 */
export type ConfigFor<Config> = unknown extends Config ? Config : AnyConfigFor<Config>;
