/** Changes of headers. One name may stand in one of the three only. */
export interface HeaderChangesConfig {
  readonly set?: { readonly [name: string]: string };
  readonly add?: { readonly [name: string]: string };
  readonly remove?: readonly string[];
}

/** A new path: a template (`/v2/:id`), a whole path, a new prefix for the matched one, or a regex and its replacement. */
export type PathRewriteConfig =
  | string
  | { readonly replace: string }
  | { readonly replacePrefix: string }
  | { readonly regex: string; readonly with: string };

/** Changes of the request line and the host before forwarding. */
export interface RewriteConfig {
  /** Replaces `Host`. */
  readonly host?: string;
  readonly path?: PathRewriteConfig;
  readonly query?: {
    readonly set?: { readonly [name: string]: string };
    readonly add?: { readonly [name: string]: string };
    readonly remove?: readonly string[];
  };
}

/** An answer that sends the client elsewhere. What is not given comes from the request. */
export interface RedirectConfig {
  /** Default: 302. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
  readonly scheme?: "http" | "https";
  readonly host?: string;
  readonly port?: number;
  readonly path?: { readonly replace: string } | { readonly replacePrefix: string };
  /** Default: `"keep"`. */
  readonly query?: "keep" | "drop";
}

/** A fixed answer. */
export interface RespondConfig {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

/**
 * What scripts of other origins may do with a route. Preflights are answered by the gateway; CORS headers of the
 * instances are replaced.
 *
 * Source: Fetch standard, CORS protocol; Kubernetes Gateway API, HTTPCORSFilter.
 */
export interface CorsConfig {
  /**
   * Origins that may read answers: `https://shop.com`, `https://*.shop.com` (any number of labels before it, not
   * `https://shop.com`), or `*` for every origin. A port that is not given is that of the scheme.
   */
  readonly allowOrigins: readonly string[];
  /** Methods that a preflight allows, or `*`. Default: none beside those that need no leave (GET, HEAD, POST). */
  readonly allowMethods?: readonly string[];
  /** Request headers that a preflight allows, or `*`. Default: none beside those that need no leave. */
  readonly allowHeaders?: readonly string[];
  /** Response headers that scripts may read, or `*`, which says nothing with credentials. Default: none beside those that need no leave. */
  readonly exposeHeaders?: readonly string[];
  /** Whether requests with cookies and the like may be read. `*` then stands for what the request asks for. Default: false. */
  readonly allowCredentials?: boolean;
  /** How long a preflight may be remembered. Unit: seconds. Default: 5. */
  readonly maxAgeS?: number;
}

/**
 * What becomes of places in the response of an instance that are true on its side of the gateway only. Beside
 * `rewrite`, it is the way back.
 */
export interface ResponseRewriteConfig {
  /**
   * Whether `Location` and `Content-Location` that lead to the instance lead the client back through the gateway: with
   * the scheme and host that the client used, and without the path of the base URL and what `replacePrefix` put
   * there, where that can be undone exactly. What leads elsewhere stays. Default: false.
   */
  readonly location?: boolean;
  /**
   * `"drop"`: cookies have no `Domain`, so each belongs to the host that the client asked. `{ replace }`: a domain that is
   * the instance's, and none of the client's host, becomes this one. Default: it stays.
   */
  readonly cookieDomain?: "drop" | { readonly replace: string };
  /**
   * `true`: the path of the base URL and what `replacePrefix` put there are undone in the `Path` of cookies. A record:
   * prefixes of paths, by whole segments, and what replaces each; the longest that holds acts. Default: it stays.
   */
  readonly cookiePath?: boolean | { readonly [prefix: string]: string };
}
