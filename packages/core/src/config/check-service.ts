import { checkAffinity } from "../affinity/check-affinity.js";
import { cookieNameOf } from "../affinity/cookie-name.js";
import { isRecord, recordOf, type Loose } from "./loose.js";
import { describeValue } from "./problem.js";
import type { Place, ProblemList } from "./problem-list.js";

/** What the affinities of services say against themselves and each other. */
export function checkAffinities(problems: ProblemList, services: Loose): void {
  const owners = new Map<string, string>();
  for (const [service, config] of Object.entries(services)) {
    const { affinity } = recordOf(config);
    if (!isRecord(affinity)) continue;
    const place = ["services", service, "affinity"];
    for (const { at, about, expected } of checkAffinity(service, affinity)) {
      const message = `${about} must be ${expected}`;
      problems.add([...place, ...at], "AFFINITY", message, "something else", expected);
    }
    if (isRecord(affinity["cookie"]))
      checkName(problems, owners, service, affinity["cookie"], place);
  }
}

// Two services with one cookie take each other's pins away.
function checkName(
  problems: ProblemList,
  owners: Map<string, string>,
  service: string,
  { name = cookieNameOf(service) }: Loose,
  place: Place,
): void {
  const owner = owners.get(String(name));
  if (owner === undefined) {
    owners.set(String(name), service);
    return;
  }
  const message = `service ${describeValue(owner)} has the cookie ${describeValue(name)} already: give each a name of its own`;
  const expected = "a name that no other service has";
  problems.add([...place, "cookie", "name"], "AFFINITY", message, describeValue(name), expected);
}

/** What the fields of a balancer say against each other. */
export function checkRing(problems: ProblemList, balancer: unknown, place: Place): void {
  const { name, minimumRingSize = 1_024, maximumRingSize } = recordOf(balancer);
  if (name !== "consistent-hash") return;
  if (typeof minimumRingSize !== "number" || typeof maximumRingSize !== "number") return;
  if (maximumRingSize >= minimumRingSize) return;
  const message = `maximumRingSize is below minimumRingSize (${minimumRingSize})`;
  const expected = `at least ${minimumRingSize}`;
  problems.add(
    [...place, "maximumRingSize"],
    "BALANCER",
    message,
    String(maximumRingSize),
    expected,
  );
}

/** What the fields of a probe say against each other. */
export function checkProbe(
  problems: ProblemList,
  { type = "http", intervalMs = 10_000, timeoutMs, ...fields }: Loose,
  place: Place,
): void {
  if (typeof timeoutMs === "number" && typeof intervalMs === "number" && timeoutMs > intervalMs) {
    const message = `timeoutMs is above intervalMs (${intervalMs}): one probe would still be under way when the next begins`;
    const expected = `at most ${intervalMs}`;
    problems.add([...place, "timeoutMs"], "PROBE", message, String(timeoutMs), expected);
  }
  const { method, expect } = fields;
  if (type === "http" && method === "HEAD" && recordOf(expect)["body"] !== undefined) {
    const message = "expect.body is never found: an answer to HEAD has no body; ask with GET";
    problems.add([...place, "expect", "body"], "PROBE", message, "body", "GET, or no body");
  }
  const useless = {
    http: ["grpcService"],
    tcp: ["grpcService", "path", "method", "host", "expect"],
    grpc: ["path", "method", "expect"],
  }[String(type)];
  for (const field of useless ?? []) {
    if (fields[field] === undefined) continue;
    const message = `${field} changes nothing for a probe of the type ${describeValue(type)}`;
    problems.add([...place, field], "NO_EFFECT", message, field, "another type, or no such field");
  }
}

/** Half of a certificate and its key. */
export function checkKeyPair(problems: ProblemList, owner: Loose, at: Place): void {
  const { cert, key } = recordOf(recordOf(owner["connect"])["tls"]);
  if ((cert === undefined) === (key === undefined)) return;
  const [given, missing] = cert === undefined ? ["key", "cert"] : ["cert", "key"];
  const place = [...at, "connect", "tls", given];
  const message = `${given} is of no use without ${missing}: give both, or neither`;
  problems.add(place, "TLS", message, `${given} without ${missing}`, "both, or neither");
}
