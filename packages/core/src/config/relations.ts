import { compilePath, type CompiledPath } from "../match/pattern.js";
import {
  checkHeaderChanges,
  checkRedirect,
  checkRespond,
  checkRewrite,
  unknownParam,
} from "./check-action.js";
import {
  checkHandlers,
  checkMirrored,
  checkPools,
  handlerServices,
  type HandlerServices,
} from "./check-handlers.js";
import { checkKeys } from "./check-keys.js";
import { checkAffinities, checkKeyPair, checkProbe, checkRing } from "./check-service.js";
import { isKnown, type Earlier } from "./checked-routes.js";
import { instanceId, instanceUrl } from "./instance-url.js";
import { looseCompile, namesOf } from "./loose-path.js";
import { isRecord, listIn, manyOf, recordOf, type Loose } from "./loose.js";
import { describeValue, pointerOf, type ConfigProblem } from "./problem.js";
import { ProblemList, type Place } from "./problem-list.js";
import { hasInlineMatch, isUrl, MATCH_FIELDS } from "./short-form.js";
import { suggest } from "./suggest.js";
import { withDefaults } from "./with-defaults.js";

/** Fields of a route that act on forwarded requests. */
const FORWARD_FIELDS = [
  "rewrite",
  "responseRewrite",
  "requestHeaders",
  "timeouts",
  "retry",
  "hedge",
  "limits",
  "mirror",
] as const;

/** What the parts of a config say of each other: names that must exist, be unique or not meet. */
export class Relations {
  readonly #problems = new ProblemList();
  readonly #config: Loose;
  readonly #isShort: boolean;
  readonly #services: ReadonlySet<string>;
  readonly #handlers: HandlerServices;
  readonly #earlier: Earlier;

  constructor(input: unknown, earlier: Earlier) {
    this.#earlier = earlier;
    this.#isShort = Array.isArray(input);
    this.#config = this.#isShort ? { routes: input } : recordOf(input);
    const services = recordOf(this.#config["services"]);
    this.#services = new Set(Object.keys(services));
    this.#handlers = handlerServices(services);
  }

  check(): readonly ConfigProblem[] {
    for (const name of this.#services) {
      const service = recordOf(recordOf(this.#config["services"])[name]);
      this.#checkInstances(name);
      checkKeyPair(this.#problems, service, ["services", name]);
      checkProbe(this.#problems, recordOf(service["probe"]), ["services", name, "probe"]);
      checkRing(this.#problems, service["balancer"], ["services", name, "balancer"]);
    }
    checkAffinities(this.#problems, recordOf(this.#config["services"]));
    checkHandlers(this.#problems, recordOf(this.#config["services"]));
    checkKeys(this.#problems, this.#config, this.#isShort);
    const defaults = recordOf(this.#config["defaults"]);
    checkProbe(this.#problems, recordOf(defaults["probe"]), ["defaults", "probe"]);
    checkRing(this.#problems, defaults["balancer"], ["defaults", "balancer"]);
    checkKeyPair(this.#problems, defaults, ["defaults"]);
    const routes = listIn(this.#config["routes"]);
    const ids = new Map<string, Place>();
    for (const [index, route] of routes.entries())
      if (isRecord(route)) this.#checkRoute(route, index, ids);
    this.#checkTimeouts(this.#defaultTimeouts(), ["defaults", "timeouts"]);
    return this.#problems.all;
  }

  #checkInstances(name: string): void {
    const ids = new Map<string, number>();
    const instances = listIn(recordOf(recordOf(this.#config["services"])[name])["instances"]);
    for (const [index, instance] of instances.entries()) {
      const { url = instance, id, socketPath, handler } = recordOf(instance);
      if (handler === undefined) this.#checkTlsUse(name, url, index);
      const own = typeof id === "string" ? id : defaultId(url, socketPath);
      if (own === undefined) continue;
      const first = ids.get(own);
      if (first === undefined) {
        ids.set(own, index);
        continue;
      }
      const message = `instance ${first} of the service has the id ${describeValue(own)} already: give one of them an id of its own`;
      this.#problems.add(
        ["services", name, "instances", index],
        "DUPLICATE_INSTANCE",
        message,
        describeValue(own),
        "an id that is unique in the service",
      );
    }
  }

  // A service with TLS of its own and a plain instance: what was meant to be secret would go out in the open.
  #checkTlsUse(name: string, url: unknown, index: number): void {
    const { tls } = recordOf(recordOf(recordOf(this.#config["services"])[name])["connect"]);
    if (tls === undefined || typeof url !== "string" || !/^http:/i.test(url)) return;
    const message = `connect.tls of the service has no effect on ${describeValue(url)}: write https://, or take tls out`;
    this.#problems.add(
      ["services", name, "instances", index],
      "NO_EFFECT",
      message,
      describeValue(url),
      "an https URL",
    );
  }

  #checkRoute(route: Loose, index: number, ids: Map<string, Place>): void {
    const at = this.#isShort ? [index] : ["routes", index];
    const { id } = route;
    if (typeof id === "string") {
      const first = ids.get(id);
      if (first === undefined) ids.set(id, at);
      else
        this.#problems.add(
          [...at, "id"],
          "DUPLICATE_ID",
          `${pointerOf(first)} has the id ${describeValue(id)} already`,
          describeValue(id),
          "an id that no other route has",
        );
    }
    if (isKnown(this.#earlier, index)) return;
    this.#checkAction(route, at);
    const paths = this.#checkMatches(route, at);
    this.#checkTo(route["to"], [...at, "to"], paths);
    for (const [index, mirror] of listIn(route["mirror"]).entries()) {
      const { service } = recordOf(mirror);
      if (typeof service === "string")
        this.#checkService(service, [...at, "mirror", index, "service"]);
      checkMirrored(this.#problems, this.#handlers, recordOf(mirror), [...at, "mirror", index]);
    }
    checkHeaderChanges(this.#problems, route, at);
    checkRespond(this.#problems, recordOf(route["respond"]), [...at, "respond"]);
    checkRewrite(this.#problems, recordOf(route["rewrite"]), [...at, "rewrite"], paths);
    checkRedirect(this.#problems, recordOf(route["redirect"]), [...at, "redirect"], paths);
    this.#checkTimeouts(recordOf(route["timeouts"]), [...at, "timeouts"]);
  }

  #checkAction(route: Loose, at: Place): void {
    const given = ["to", "redirect", "respond"].filter((action) => route[action] !== undefined);
    if (given.length !== 1) {
      const found = given.length === 0 ? "none" : given.join(" and ");
      this.#problems.add(
        at,
        "ACTION",
        `a route needs exactly one of to, redirect and respond, got ${found}`,
        found,
        "exactly one of to, redirect and respond",
      );
    }
    if (given.length !== 1 || given[0] === "to") return;
    for (const field of FORWARD_FIELDS) {
      if (route[field] === undefined) continue;
      const message = `${field} changes nothing on a route with ${given[0] as string}: it acts on forwarded requests`;
      this.#problems.add([...at, field], "NO_EFFECT", message, field, `a route with "to"`);
    }
  }

  #checkMatches(route: Loose, at: Place): readonly CompiledPath[] {
    const isInline = this.#isShort && hasInlineMatch(route);
    if (isInline && route["match"] !== undefined) {
      const field = MATCH_FIELDS.find((name) => Object.hasOwn(route, name)) as string;
      this.#problems.add(
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
      if (!names.includes(param))
        unknownParam(this.#problems, [...at, "params", param], param, names);
    }
    return [path];
  }

  #checkTo(to: unknown, at: Place, paths: readonly CompiledPath[]): void {
    if (typeof to === "string") {
      if (!isUrl(to)) this.#checkService(to, at);
      checkPools(this.#problems, this.#handlers, { service: to }, at);
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
      this.#problems.add(
        [...at, "version"],
        "SPLIT_AND_VERSION",
        "a backend has a split or a version, not both",
        "both",
        "one of the two",
      );
    }
    if (backend["sticky"] !== undefined && backend["split"] === undefined) {
      this.#problems.add(
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
    checkPools(this.#problems, this.#handlers, backend, at);
    const fallback = recordOf(backend["fallback"]);
    if (typeof fallback["service"] === "string")
      this.#checkService(fallback["service"], [...at, "fallback", "service"]);
    if (backend["redirect"] !== undefined && backend["rewrite"] !== undefined) {
      const message =
        "rewrite changes nothing on a backend with redirect: it acts on forwarded requests";
      this.#problems.add([...at, "rewrite"], "NO_EFFECT", message, "rewrite", "one of the two");
    }
    checkHeaderChanges(this.#problems, backend, at);
    checkRewrite(this.#problems, recordOf(backend["rewrite"]), [...at, "rewrite"], paths);
    checkRedirect(this.#problems, recordOf(backend["redirect"]), [...at, "redirect"], paths);
  }

  #checkService(service: string, at: Place): void {
    if (this.#services.has(service)) return;
    const near = suggest(service, [...this.#services]);
    const known =
      this.#services.size === 0
        ? "there are none; give a URL, or name it in services"
        : `there are ${[...this.#services].slice(0, 10).join(", ")}`;
    const isAddress = /^[\w.-]+:\d+$/.test(service);
    const guess = isAddress ? `a URL begins with http://` : known;
    const hint = near === undefined ? guess : `did you mean "${near}"?`;
    this.#problems.add(
      at,
      "UNKNOWN_SERVICE",
      `no service is called ${describeValue(service)}; ${hint}`,
      describeValue(service),
      "the name of a service, or a URL",
      near,
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
    this.#problems.add([...at, field], "ATTEMPT_TIME", message, found, expected);
  }
}

function defaultId(url: unknown, socketPath: unknown): string | undefined {
  if (typeof url !== "string" || instanceUrl(url) === undefined) return undefined;
  return instanceId({ url, socketPath: typeof socketPath === "string" ? socketPath : undefined });
}
