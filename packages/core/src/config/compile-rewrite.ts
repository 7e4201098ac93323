import { canonicalHost } from "../match/host.js";
import { canonicalPath, type PathOptions } from "../match/path.js";
import { compileReplacement } from "../match/regex.js";
import { singleSlash, type TemplatePart } from "../rewrite/path.js";
import type { RedirectPlan } from "../rewrite/redirect.js";
import type { PathRewrite, RewritePlan } from "../rewrite/rewrite.js";
import { withoutSlash, type ResponseRewritePlan } from "../rewrite/response-rewrite.js";
import type {
  PathRewriteConfig,
  RedirectConfig,
  ResponseRewriteConfig,
  RewriteConfig,
} from "./rewrite-config.js";
import { withDefaults } from "./with-defaults.js";

/** Compiles rewrites of several levels: a later one acts after the earlier, and what it does not give comes from there. */
export function compileRewrites(
  options: PathOptions,
  ...levels: readonly (RewriteConfig | undefined)[]
): RewritePlan | undefined {
  const given = levels.filter((level) => level !== undefined);
  if (given.length === 0) return undefined;
  const { host, path } = withDefaults<RewriteConfig>({}, ...given);
  const queries = given.map(({ query }) => query).filter((query) => query !== undefined);
  return Object.freeze({
    host,
    path: path === undefined ? undefined : compilePathRewrite(path, options),
    queries: Object.freeze(
      queries.map(({ set = {}, add = {}, remove = [] }) =>
        Object.freeze({ set: Object.entries(set), add: Object.entries(add), remove: [...remove] }),
      ),
    ),
  });
}

/** Compiles what becomes of responses. Undefined where nothing does. */
export function compileResponseRewrite(
  config: ResponseRewriteConfig | undefined,
): ResponseRewritePlan | undefined {
  const { location = false, cookieDomain, cookiePath = false } = config ?? {};
  if (!location && cookieDomain === undefined && cookiePath === false) return undefined;
  return Object.freeze({
    location,
    cookieDomain:
      cookieDomain === "drop" ? "" : cookieDomain && canonicalHost(cookieDomain.replace),
    cookiePath:
      cookiePath === true ? "undo" : cookiePath === false ? undefined : pairsOf(cookiePath),
  });
}

// The longest first, so that the first that holds is the one that acts.
function pairsOf(paths: { readonly [prefix: string]: string }): ResponseRewritePlan["cookiePath"] {
  const pairs = Object.entries(paths).map(([from, to]) =>
    Object.freeze([withoutSlash(canonicalText(from)), withoutSlash(canonicalText(to))] as const),
  );
  return Object.freeze(pairs.sort(([one], [other]) => other.length - one.length));
}

function compilePathRewrite(path: PathRewriteConfig, options: PathOptions): PathRewrite {
  if (typeof path === "string") return { kind: "template", parts: compileTemplate(path) };
  if ("replace" in path) return { kind: "replace", path: canonicalText(path.replace, options) };
  if ("replacePrefix" in path)
    return {
      kind: "prefix",
      replacement: path.replacePrefix === "" ? "" : canonicalText(path.replacePrefix, options),
    };
  const replace = compileReplacement(path.regex, path.with);
  return { kind: "regex", replace: (given) => canonicalAgain(given, replace(given), options) };
}

/** The parts of a path template: `:name` inserts a parameter, a final `*` the rest. */
function compileTemplate(template: string): readonly TemplatePart[] {
  return template
    .split("/")
    .slice(1)
    .flatMap((segment): TemplatePart[] => {
      if (segment.startsWith(":")) return [{ text: "/" }, { param: segment.slice(1) }];
      if (segment === "*") return [{ text: "/" }, { param: "*" }];
      return [{ text: segment === "" ? "/" : canonicalText(`/${segment}`) }];
    });
}

// A replacement can bring parts together that a client kept apart: `/.X./` becomes `/../`, `%2X0` becomes `%20`.
// What has no canonical form then is data as a whole.
function canonicalAgain(before: string, after: string, options: PathOptions): string {
  if (after === before) return after;
  const path = singleSlash(after);
  const canonical = canonicalPath(path, options);
  if (canonical.ok) return canonical.path;
  const asData = path.split("/").map((segment) => encodeURIComponent(segment.toWellFormed()));
  return canonicalText(asData.join("/"), options);
}

function canonicalText(path: string, options: PathOptions = {}): string {
  const canonical = canonicalPath(path, options);
  return canonical.ok ? canonical.path : path;
}

/** Compiles a redirect. */
export function compileRedirect(
  { status = 302, scheme, host, port, path, query = "keep" }: RedirectConfig,
  options: PathOptions,
): RedirectPlan {
  return Object.freeze({
    status,
    scheme,
    host: host === undefined ? undefined : canonicalHost(host),
    port,
    path: path === undefined ? undefined : compilePathRewrite(path, options),
    keepQuery: query === "keep",
  });
}
