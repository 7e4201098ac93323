/** Stands as a type in place of the versions of a service that has none. */
export type NoVersions = "no instance of this service has a version";

/** What a literal says of its services. */
export interface KnownServices<Names extends string = string, Versions = unknown> {
  readonly names: Names;
  /** Name -> versions: `string` where they are not known before the program runs, `never` where there is none. */
  readonly versions: Versions;
}

/** What is known of the services of a config. */
export type ServicesOf<Config> = Config extends { readonly services?: infer Services }
  ? Described<VersionsByService<NonNullable<Services>>>
  : NoServices;

/** What a config without services knows of them. */
export type NoServices = KnownServices<never, Record<never, never>>;

type Described<Versions> = KnownServices<keyof Versions & string, Versions>;

type VersionsByService<Services> = {
  readonly [Name in keyof Services as `${Name & (string | number)}`]: VersionsOfService<
    Services[Name]
  >;
};

type VersionsOfService<Service> = Service extends {
  readonly instances: infer Instances extends readonly unknown[];
}
  ? number extends Instances["length"]
    ? string
    : VersionOfInstance<Instances[number]>
  : string;

type VersionOfInstance<Instance> = unknown extends Instance
  ? string
  : Instance extends { readonly version?: infer Version }
    ? Extract<Version, string>
    : never;

/** Versions of a service; any for one that is not known, whose name is the problem then. */
export type VersionsOf<Known extends KnownServices, Name> = Name extends keyof Known["versions"]
  ? Extract<Known["versions"][Name], string>
  : string;
