/** A cookie that carries the pin of a client. */
export interface AffinityCookieConfig {
  /**
   * Unique to the service: two services with one cookie take each other's pins away. With the prefix `__Host-` nobody but the
   * host itself can set it, which needs `secure: true`. Default: the name of the service behind `affinity-`; where that has other
   * characters than letters, digits, `-` and `_`, a hash of the name behind `affinity.`, so that nothing of it shows. Error: AFFINITY unless a token, and where a service that is named by an address has none.
   *
   * Source: RFC 6265bis section 4.1.3, for the prefixes.
   */
  readonly name?: string;
  /**
   * How long the client keeps the pin. Unit: seconds, at most 400 days. Default: as long as it keeps its session.
   *
   * Source: RFC 6265bis section 5.5, for the limit.
   */
  readonly ttlS?: number;
  /**
   * Whether each response sets the cookie anew, so that `ttlS` counts from the latest request instead of from the first.
   * That is a `Set-Cookie` in every response, which caches do not like. Default: false. Error: AFFINITY without `ttlS`.
   */
  readonly sliding?: boolean;
  /** Paths that the client sends it to. Default: `"/"`. Error: AFFINITY. */
  readonly path?: string;
  /** Hosts that the client sends it to: this one and all below it. Default: only the host that set it. Error: AFFINITY. */
  readonly domain?: string;
  /** Whether it comes with requests from other sites. `"none"` needs `Secure`, which is then set. Default: `"lax"`. */
  readonly sameSite?: "strict" | "lax" | "none";
  /**
   * Whether the client sends it over `https:` only. Default: as the request came, so true for one that came over `https:`.
   * Error: AFFINITY for false beside what needs true.
   */
  readonly secure?: boolean;
  /** Whether scripts in the page cannot read it. Default: true. */
  readonly httpOnly?: boolean;
  /**
   * Whether a page inside of another site has a cookie of its own for each of those sites. Needs `Secure`, which is then set.
   * Default: false.
   *
   * Source: Cookies Having Independent Partitioned State (CHIPS), draft-cutler-httpbis-partitioned-cookies.
   */
  readonly partitioned?: boolean;
  /**
   * A secret that the pins are made with (HMAC-SHA-256), so that nobody can make one or find out what it stands for. Of
   * several, the first makes new pins and all are believed; a client that brings one of an older secret gets a new one, so
   * a secret can be replaced without losing a pin: put the new one in front, and take the old one out later.
   *
   * Default: none. Then a pin is a plain SHA-256 of service and id: no address stands in it, but who knows the name of
   * the service can try all addresses of a private network until one gives the same hash, and can make the pin of an
   * instance whose id is known. Give the instances ids that are no addresses, or sign. Error: AFFINITY below 16 characters.
   */
  readonly sign?: string | readonly string[];
}

/**
 * Session affinity: later requests of one client go to the same instance. A route that names a version and a sticky split
 * beat it. An instance that drains keeps the clients that it has until its deadline.
 *
 * @example
 * const affinity: AffinityConfig = { cookie: { ttlS: 3_600, sign: "Yq3vQ0cTq1mZ7u5kWc2e" } };
 */
export type AffinityConfig =
  | {
      /** The client carries the pin; the gateway remembers nothing. */
      readonly cookie: AffinityCookieConfig;
      readonly header?: never;
    }
  | {
      /**
       * Name of a request header that holds a key of the client's session. Which instance a key belongs to is remembered by this
       * gateway alone: others do not know of it. A key of more than 256 characters is none.
       */
      readonly header: string;
      /** Most sessions that are remembered; the one that was idle for the longest is forgotten first. Default: 100 000. */
      readonly capacity?: number;
      /** How long a session is remembered after its latest request. Unit: seconds. Default: 3 600. */
      readonly ttlS?: number;
      readonly cookie?: never;
    };
