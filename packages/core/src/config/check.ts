import { isHopByHop } from "../rewrite/hop-by-hop.js";
import { compilePath, isPatternProblem, type CompiledPath } from "../match/pattern.js";
import type { ConfigInput, GatewayConfig } from "./config.js";
import type { ConfigCode } from "./codes.js";
import { NOTHING_KNOWN, type Known } from "./checked-routes.js";
import { instanceUrl } from "./instance-url.js";
import { isRecord, listIn, manyOf, recordOf, type Loose } from "./loose.js";
import { describeValue, GatewayConfigError, pointerOf, type ConfigProblem } from "./problem.js";
import { checkShape } from "./shape.js";
import { expandRoute, hasInlineMatch, isUrl, MATCH_FIELDS } from "./short-form.js";
import { suggest } from "./suggest.js";
import { withDefaults } from "./with-defaults.js";

/**
 * Every problem of a configuration at once, in the order of their places; empty when it may be used. The
 * same check that `createGateway` and `gateway.update` run.
 *
 * @example
 * checkConfig({ routes: [{ match: { path: "/a" }, to: "ordrs" }], services: { orders: { instances: [] } } })[0]?.message;
 * // 'no service is called "ordrs"; did you mean "orders"?'
 */
export function checkConfig(input: unknown): readonly ConfigProblem[] {
  return problemsIn(input, NOTHING_KNOWN);
}

function problemsIn(input: unknown, known: Known): readonly ConfigProblem[] {
  const shape = checkShape(input, known);
  const relations = new Relations(input, known).check();
  const seen = new Set(shape.map(({ pointer }) => pointer));
  const all = [
    ...shape,
    ...relations.filter(({ pointer, code }) => code !== "UNKNOWN_SERVICE" || !seen.has(pointer)),
  ];
  return all
    .map((problem, index) => ({ problem, index }))
    .sort(byPlace)
    .map(({ problem }) => Object.freeze(problem));
}

/** The config in its long form. @throws GatewayConfigError holding every problem */
export function assertConfig(input: ConfigInput, known = NOTHING_KNOWN): GatewayConfig {
  const problems = problemsIn(input, known);
  if (problems.length > 0) throw new GatewayConfigError(problems);
  return Array.isArray(input)
    ? { routes: (input as readonly Parameters<typeof expandRoute>[0][]).map(expandRoute) }
    : (input as GatewayConfig);
}

function byPlace(
  a: { problem: ConfigProblem; index: number },
  b: { problem: ConfigProblem; index: number },
): number {
  return (
    a.problem.pointer.localeCompare(b.problem.pointer, "en", { numeric: true }) || a.index - b.index
  );
}

type Place = readonly (string | number)[];

/** What the parts of a config say of each other: names that must exist, be unique or not meet. */
class Relations {
  readonly #problems: ConfigProblem[] = [];
  readonly #config: Loose;
  readonly #isShort: boolean;
  readonly #services: readonly string[];
  readonly #known: Known;

  constructor(input: unknown, known: Known) {
    this.#known = known;
    this.#isShort = Array.isArray(input);
    this.#config = this.#isShort ? { routes: input } : recordOf(input);
    this.#services = Object.keys(recordOf(this.#config["services"]));
  }

  check(): readonly ConfigProblem[] {
    for (const name of this.#services) this.#checkInstances(name);
    const routes = listIn(this.#config["routes"]);
    const ids = new Map<string, Place>();
    for (const [index, route] of routes.entries())
      if (isRecord(route)) this.#checkRoute(route, index, ids);
    this.#checkTimeouts(this.#defaultTimeouts(), ["defaults", "timeouts"]);
    return this.#problems;
  }

  #add(
    place: Place,
    code: ConfigCode,
    message: string,
    found: string,
    expected: string,
    suggestion?: string,
  ): void {
    const problem = { pointer: pointerOf(place), code, message, found, expected };
    this.#problems.push(suggestion === undefined ? problem : { ...problem, suggestion });
  }

  #checkInstances(name: string): void {
    const ids = new Map<string, number>();
    const instances = listIn(recordOf(recordOf(this.#config["services"])[name])["instances"]);
    for (const [index, instance] of instances.entries()) {
      const { url = instance, id } = recordOf(instance);
      const own =
        typeof id === "string" ? id : typeof url === "string" ? instanceUrl(url)?.url : undefined;
      if (own === undefined) continue;
      const first = ids.get(own);
      if (first === undefined) {
        ids.set(own, index);
        continue;
      }
      const message = `instance ${first} of the service has the id ${describeValue(own)} already: give one of them an id of its own`;
      this.#add(
        ["services", name, "instances", index],
        "DUPLICATE_INSTANCE",
        message,
        describeValue(own),
        "an id that is unique in the service",
      );
    }
  }

  #checkRoute(route: Loose, index: number, ids: Map<string, Place>): void {
    const at = this.#isShort ? [index] : ["routes", index];
    const { id } = route;
    if (typeof id === "string") {
      const first = ids.get(id);
      if (first === undefined) ids.set(id, at);
      else
        this.#add(
          [...at, "id"],
          "DUPLICATE_ID",
          `${pointerOf(first)} has the id ${describeValue(id)} already`,
          describeValue(id),
          "an id that no other route has",
        );
    }
    if (this.#known.routes.has(index)) return;
    this.#checkAction(route, at);
    const paths = this.#checkMatches(route, at);
    this.#checkTo(route["to"], [...at, "to"], paths);
    for (const [index, mirror] of listIn(route["mirror"]).entries()) {
      const { service } = recordOf(mirror);
      if (typeof service === "string")
        this.#checkService(service, [...at, "mirror", index, "service"]);
    }
    this.#checkHeaderChanges(route, at);
    this.#checkRespond(recordOf(route["respond"]), [...at, "respond"]);
    this.#checkRewrite(recordOf(route["rewrite"]), [...at, "rewrite"], paths);
    this.#checkRedirect(recordOf(route["redirect"]), [...at, "redirect"], paths);
    this.#checkTimeouts(recordOf(route["timeouts"]), [...at, "timeouts"]);
  }

  #checkAction(route: Loose, at: Place): void {
    const given = ["to", "redirect", "respond"].filter((action) => route[action] !== undefined);
    if (given.length !== 1) {
      const found = given.length === 0 ? "none" : given.join(" and ");
      this.#add(
        at,
        "ACTION",
        `a route needs exactly one of to, redirect and respond, got ${found}`,
        found,
        "exactly one of to, redirect and respond",
      );
    }
    if (given.length !== 1 || given[0] === "to") return;
    for (const field of ["rewrite", "requestHeaders", "timeouts", "retry", "mirror"]) {
      if (route[field] === undefined) continue;
      const message = `${field} changes nothing on a route with ${given[0] as string}: it acts on forwarded requests`;
      this.#add([...at, field], "NO_EFFECT", message, field, `a route with "to"`);
    }
  }

  #checkMatches(route: Loose, at: Place): readonly CompiledPath[] {
    const isInline = this.#isShort && hasInlineMatch(route);
    if (isInline && route["match"] !== undefined) {
      const field = MATCH_FIELDS.find((name) => Object.hasOwn(route, name)) as string;
      this.#add(
        at,
        "SHORT_FORM",
        `a route has match fields of its own ("${field}") or a match, not both`,
        `"match" and "${field}"`,
        "one of the two",
      );
    }
    const matches = isInline ? [route] : manyOf(route["match"]);
    const places = isInline
      ? [at]
      : matches.map((_, index) =>
          Array.isArray(route["match"]) ? [...at, "match", index] : [...at, "match"],
        );
    if (matches.length === 0) return [compilePath(undefined) as CompiledPath];
    return matches.flatMap((match, index) =>
      this.#checkMatch(recordOf(match), places[index] as Place),
    );
  }

  #checkMatch(match: Loose, at: Place): CompiledPath[] {
    const path = looseCompile(match["path"]);
    if (path === undefined) return [];
    const names = namesOf(path);
    for (const param of Object.keys(recordOf(match["params"]))) {
      if (!names.includes(param)) this.#unknownParam([...at, "params", param], param, names);
    }
    return [path];
  }

  #unknownParam(place: Place, param: string, names: readonly string[]): void {
    const near = suggest(param, names);
    const known = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
    const hint = near === undefined ? `; ${known}` : `; did you mean "${near}"?`;
    this.#add(
      place,
      "UNKNOWN_PARAM",
      `the path has no parameter "${param}"${hint}`,
      describeValue(param),
      "a parameter of the path",
      near,
    );
  }

  #checkTo(to: unknown, at: Place, paths: readonly CompiledPath[]): void {
    if (typeof to === "string") {
      if (!isUrl(to)) this.#checkService(to, at);
      return;
    }
    if (Array.isArray(to)) {
      for (const [index, entry] of to.entries())
        if (typeof entry === "object") this.#checkBackend(recordOf(entry), [...at, index], paths);
      return;
    }
    const backend = recordOf(to);
    if (to === undefined) return;
    this.#checkBackend(backend, at, paths);
    if (backend["split"] !== undefined && backend["version"] !== undefined) {
      this.#add(
        [...at, "version"],
        "SPLIT_AND_VERSION",
        "a backend has a split or a version, not both",
        "both",
        "one of the two",
      );
    }
    if (backend["sticky"] !== undefined && backend["split"] === undefined) {
      this.#add(
        [...at, "sticky"],
        "STICKY",
        "sticky has nothing to hold on to without a split",
        "sticky without split",
        "a split beside it",
      );
    }
  }

  #checkBackend(backend: Loose, at: Place, paths: readonly CompiledPath[]): void {
    if (typeof backend["service"] === "string")
      this.#checkService(backend["service"], [...at, "service"]);
    const fallback = recordOf(backend["fallback"]);
    if (typeof fallback["service"] === "string")
      this.#checkService(fallback["service"], [...at, "fallback", "service"]);
    this.#checkHeaderChanges(backend, at);
    this.#checkRewrite(recordOf(backend["rewrite"]), [...at, "rewrite"], paths);
    this.#checkRedirect(recordOf(backend["redirect"]), [...at, "redirect"], paths);
  }

  #checkService(service: string, at: Place): void {
    if (this.#services.includes(service)) return;
    const near = suggest(service, this.#services);
    const known =
      this.#services.length === 0
        ? "there are none; give a URL, or name it in services"
        : `there are ${this.#services.slice(0, 10).join(", ")}`;
    const isAddress = /^[\w.-]+:\d+$/.test(service);
    const guess = isAddress ? `a URL begins with http://` : known;
    const hint = near === undefined ? guess : `did you mean "${near}"?`;
    this.#add(
      at,
      "UNKNOWN_SERVICE",
      `no service is called ${describeValue(service)}; ${hint}`,
      describeValue(service),
      "the name of a service, or a URL",
      near,
    );
  }

  #checkHeaderChanges(owner: Loose, at: Place): void {
    for (const field of ["requestHeaders", "responseHeaders"]) {
      const changes = recordOf(owner[field]);
      const seen = new Map<string, string>();
      const entries = [
        ...["set", "add"].flatMap((kind) =>
          Object.keys(recordOf(changes[kind])).map((name) => [kind, name, name] as const),
        ),
        ...listIn(changes["remove"]).flatMap((name, index) =>
          typeof name === "string" ? [["remove", index, name] as const] : [],
        ),
      ];
      for (const [kind, key, name] of entries)
        this.#checkHeaderChange(name.toLowerCase(), [...at, field, kind, key], kind, seen);
    }
  }

  #checkRespond(respond: Loose, at: Place): void {
    const seen = new Map<string, string>();
    for (const name of Object.keys(recordOf(respond["headers"])))
      this.#checkHeaderChange(name.toLowerCase(), [...at, "headers", name], "headers", seen);
  }

  #checkHeaderChange(name: string, at: Place, kind: string, seen: Map<string, string>): void {
    if (isHopByHop(name) || name === "host" || name === "content-length") {
      const instead = name === "host" ? "use rewrite.host" : "the gateway writes it itself";
      this.#add(
        at,
        "HEADER_FORBIDDEN",
        `the header "${name}" cannot be changed here: ${instead}`,
        `"${name}"`,
        "an end-to-end header",
      );
    }
    const before = seen.get(name);
    if (before === undefined) seen.set(name, kind);
    else
      this.#add(
        at,
        "HEADER_TWICE",
        `the header "${name}" stands in ${before} and in ${kind} of one set of changes`,
        `"${name}"`,
        "each name once",
      );
  }

  #checkRewrite(rewrite: Loose, at: Place, paths: readonly CompiledPath[]): void {
    const path = rewrite["path"];
    if (typeof path === "string") this.#checkTemplate(path, [...at, "path"], paths);
    else this.#checkPrefix(recordOf(path), [...at, "path"], paths);
    const query = recordOf(rewrite["query"]);
    const names = [
      ...Object.keys(recordOf(query["set"])),
      ...Object.keys(recordOf(query["add"])),
      ...listIn(query["remove"]),
    ];
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      this.#add(
        [...at, "query"],
        "QUERY_TWICE",
        `the parameter ${describeValue(twice)} stands in it twice`,
        describeValue(twice),
        "each name once",
      );
  }

  #checkTemplate(template: string, at: Place, paths: readonly CompiledPath[]): void {
    for (const segment of template.split("/").slice(1)) {
      const param = segment === "*" ? "*" : segment.startsWith(":") ? segment.slice(1) : undefined;
      if (param === undefined) continue;
      const lacking = paths.find((compiled) => !namesOf(compiled).includes(param));
      if (lacking !== undefined) this.#unknownParam(at, param, namesOf(lacking));
    }
  }

  #checkRedirect(redirect: Loose, at: Place, paths: readonly CompiledPath[]): void {
    this.#checkPrefix(recordOf(redirect["path"]), [...at, "path"], paths);
  }

  #checkPrefix(path: Loose, at: Place, paths: readonly CompiledPath[]): void {
    if (
      path["replacePrefix"] === undefined ||
      paths.every((compiled) => compiled.kind === "tree" && compiled.open)
    )
      return;
    const message =
      "replacePrefix needs a prefix to replace: match a path such as { prefix } or one that ends with /*";
    this.#add(
      [...at, "replacePrefix"],
      "PREFIX",
      message,
      "a match without prefix",
      "a prefix match",
    );
  }

  #defaultTimeouts(): Loose {
    return recordOf(recordOf(this.#config["defaults"])["timeouts"]);
  }

  // What a route does not give comes from the defaults, so the two are looked at as they act together.
  #checkTimeouts(own: Loose, at: Place): void {
    const { requestMs, attemptMs } = withDefaults<Loose>({}, this.#defaultTimeouts(), own);
    if (own["requestMs"] === undefined && own["attemptMs"] === undefined) return;
    if (typeof requestMs !== "number" || typeof attemptMs !== "number") return;
    if (!(requestMs > 0) || attemptMs <= requestMs) return;
    const field = own["attemptMs"] === undefined ? "requestMs" : "attemptMs";
    const message = `attemptMs must not be above requestMs, got ${attemptMs} above ${requestMs}`;
    const [found, expected] =
      field === "attemptMs"
        ? [String(attemptMs), `at most ${requestMs}`]
        : [String(requestMs), `at least ${attemptMs}`];
    this.#add([...at, field], "ATTEMPT_TIME", message, found, expected);
  }
}

function looseCompile(path: unknown): CompiledPath | undefined {
  const isForm =
    typeof path === "object" &&
    path !== null &&
    Object.values(path).every((value) => typeof value === "string") &&
    Object.keys(path).length === 1;
  if (path !== undefined && typeof path !== "string" && !isForm) return undefined;
  const known =
    !isForm || ["exact", "prefix", "startsWith", "regex"].includes(Object.keys(path)[0] as string);
  const compiled = known ? compilePath(path as Parameters<typeof compilePath>[0]) : undefined;
  return compiled === undefined || isPatternProblem(compiled) ? undefined : compiled;
}

function namesOf(path: CompiledPath): readonly string[] {
  if (path.kind !== "tree") return [];
  return path.open && !path.bare ? [...path.names, "*"] : path.names;
}
