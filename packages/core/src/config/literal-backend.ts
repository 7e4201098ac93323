import type {
  BackendConfig,
  FallbackConfig,
  MirrorConfig,
  SplitConfig,
  StickyConfig,
  WeightedBackendConfig,
} from "./route-config.js";
import type { KnownServices, NoVersions, VersionsOf } from "./literal-service.js";
import type { RewriteFor } from "./literal-template.js";
import type { TextFor, UnknownText } from "./literal-text.js";

/** A `to` that is a URL instead of the name of a service. */
export type UrlText = `${string}://${string}`;

type ServiceFor<Owner, Known extends KnownServices> = TextFor<Owner, "service", Known["names"]>;

type VersionFor<Owner, Versions> = [Versions] extends [never]
  ? TextFor<Owner, "version", NoVersions>
  : TextFor<Owner, "version", Versions>;

type SplitFor<Owner, Versions extends string> = Owner extends { readonly split: infer Split }
  ? string extends keyof Split
    ? SplitConfig
    : SharesOf<Versions>
  : SharesOf<Versions>;

type SharesOf<Versions extends string> = [Versions] extends [never]
  ? NoVersions
  : { readonly [Version in Versions]?: number };

/** Versions of the service that `Owner` names. */
type OwnVersions<
  Owner,
  Known extends KnownServices,
  Default extends string = string,
> = Owner extends { readonly service: infer Name } ? VersionsOf<Known, Name> : Default;

interface LiteralFallback<Service, Version> extends Omit<FallbackConfig, "service" | "version"> {
  readonly service?: Service;
  readonly version?: Version;
}

type FallbackFor<Owner, Known extends KnownServices> = Owner extends {
  readonly fallback: infer Fallback;
}
  ? LiteralFallback<
      ServiceFor<Fallback, Known>,
      VersionFor<Fallback, OwnVersions<Fallback, Known, OwnVersions<Owner, Known>>>
    >
  : FallbackConfig;

interface LiteralBackend<Service, Version, Split, Sticky, Fallback> extends Omit<
  BackendConfig,
  "service" | "version" | "split" | "sticky" | "fallback"
> {
  readonly service: Service;
  readonly version?: Version;
  readonly split?: Split;
  readonly sticky?: Sticky;
  readonly fallback?: Fallback;
}

type BackendFor<Backend, Known extends KnownServices> = LiteralBackend<
  ServiceFor<Backend, Known>,
  Backend extends { readonly split: object }
    ? "a backend has a split or a version, not both"
    : VersionFor<Backend, OwnVersions<Backend, Known>>,
  SplitFor<Backend, OwnVersions<Backend, Known>>,
  "split" extends keyof Backend ? StickyConfig : "sticky holds on to a split: give one beside it",
  FallbackFor<Backend, Known>
>;

interface LiteralWeighted<Service, Version, Fallback, Rewrite> extends Omit<
  WeightedBackendConfig,
  "service" | "version" | "fallback" | "rewrite"
> {
  readonly service: Service;
  readonly version?: Version;
  readonly fallback?: Fallback;
  readonly rewrite?: Rewrite;
}

type WeightedFor<
  Backend,
  Known extends KnownServices,
  Names extends string,
> = Backend extends string
  ? UrlText | UnknownText<Backend>
  : LiteralWeighted<
      ServiceFor<Backend, Known>,
      VersionFor<Backend, OwnVersions<Backend, Known>>,
      FallbackFor<Backend, Known>,
      RewriteFor<Backend, Names>
    >;

/** What a `to` may be: the services and versions that there are, and any URL. `Names` are the path parameters. */
export type ToFor<To, Known extends KnownServices, Names extends string> = To extends string
  ? Known["names"] | UrlText | UnknownText<To>
  : To extends readonly unknown[]
    ? { readonly [Index in keyof To]: WeightedFor<To[Index], Known, Names> }
    : BackendFor<To, Known>;

interface LiteralMirror<Service, Version> extends Omit<MirrorConfig, "service" | "version"> {
  readonly service: Service;
  readonly version?: Version;
}

type MirrorFor<Mirror, Known extends KnownServices> = LiteralMirror<
  ServiceFor<Mirror, Known>,
  VersionFor<Mirror, OwnVersions<Mirror, Known>>
>;

/** What the mirrors of a route may be. */
export type MirrorsFor<Route, Known extends KnownServices> = Route extends {
  readonly mirror: infer Mirrors extends readonly unknown[];
}
  ? { readonly [Index in keyof Mirrors]: MirrorFor<Mirrors[Index], Known> }
  : readonly MirrorConfig[];
