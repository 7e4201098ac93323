import { isRecord, listIn, recordOf, type Loose } from "./loose.js";
import { describeValue, type ConfigProblem } from "./problem.js";
import { ProblemList, type Place } from "./problem-list.js";
import { suggest } from "./suggest.js";

/**
 * What a configuration may hold and is probably a mistake: versions that no instance of their service has. Instances
 * come and go, so they are no reason to refuse it; until one comes, that share answers 503.
 */
export function warningsIn(input: unknown): readonly ConfigProblem[] {
  const isShort = Array.isArray(input);
  const config = isShort ? { routes: input as unknown } : recordOf(input);
  const services = recordOf(recordOf(config)["services"]);
  const versions = versionsOf(services);
  const problems = new ProblemList();
  for (const [index, route] of listIn(config["routes"]).entries()) {
    const at = isShort ? [index] : ["routes", index];
    if (isRecord(route)) warnOfRoute(problems, route, at, versions);
  }
  return problems.all.map((problem) => ({ ...problem, severity: "warning" }));
}

/** The versions of a service; undefined where it has no instances at all, so that any may come. */
type VersionsOf = (service: unknown) => readonly string[] | undefined;

function versionsOf(services: Loose): VersionsOf {
  const known = new Map<string, readonly string[]>();
  for (const [name, service] of Object.entries(services)) {
    const instances = listIn(recordOf(service)["instances"]);
    const versions = instances.map((instance) => recordOf(instance)["version"]);
    if (instances.length > 0)
      known.set(name, [...new Set(versions.filter((version) => typeof version === "string"))]);
  }
  return (service) => (typeof service === "string" ? known.get(service) : undefined);
}

function warnOfRoute(problems: ProblemList, route: Loose, at: Place, versions: VersionsOf): void {
  const to = route["to"];
  const backends = Array.isArray(to) ? to.map((_, index) => [...at, "to", index]) : [[...at, "to"]];
  for (const [index, place] of backends.entries()) {
    const backend = recordOf(Array.isArray(to) ? to[index] : to);
    const { service, version, weight } = backend;
    // What has no weight waits for its instances.
    if (weight !== 0) warn(problems, service, version, [...place, "version"], versions);
    for (const [name, share] of Object.entries(recordOf(backend["split"])))
      if (share !== 0) warn(problems, service, name, [...place, "split", name], versions);
    const fallback = recordOf(backend["fallback"]);
    const { service: other = service } = fallback;
    warn(problems, other, fallback["version"], [...place, "fallback", "version"], versions);
  }
  for (const [index, entry] of listIn(route["mirror"]).entries()) {
    const { service, version } = recordOf(entry);
    warn(problems, service, version, [...at, "mirror", index, "version"], versions);
  }
}

function warn(
  problems: ProblemList,
  service: unknown,
  version: unknown,
  at: Place,
  versions: VersionsOf,
): void {
  const known = typeof version === "string" ? versions(service) : undefined;
  if (known === undefined || known.includes(version as string)) return;
  const near = suggest(version as string, known);
  const list = known.length === 0 ? "none has a version" : `there are ${known.join(", ")}`;
  const hint = near === undefined ? list : `did you mean ${describeValue(near)}?`;
  problems.add(
    at,
    "UNKNOWN_VERSION",
    `no instance of service ${describeValue(service)} is version ${describeValue(version)}; ${hint}`,
    describeValue(version),
    "a version that an instance has",
    near,
  );
}
