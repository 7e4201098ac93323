import type { Decision } from "./decision.js";
import type {
  ExplainedCors,
  ExplainedMirror,
  ExplainedPool,
  ExplainedRoute,
  ExplainedSplit,
  Explanation,
} from "./explanation.js";

/**
 * An explanation as text for people: a few lines for a terminal, a log or a failing test. Not stable; read
 * the data of the explanation instead of parsing it.
 *
 * @example
 * console.log(formatExplanation(gateway.explain(view)));
 */
export function formatExplanation(explanation: Explanation): string {
  return [
    ...requestLines(explanation),
    ...routeLines(explanation),
    ...(explanation.policies.length === 0 ? [] : [`Policies: ${explanation.policies.join(", ")}`]),
    ...splitLines(explanation.split),
    ...explanation.pools.flatMap(poolLines),
    ...mirrorLines(explanation.mirrors),
    ...corsLines(explanation.cors),
    `Decision: ${describeDecision(explanation.decision)}`,
    ...headLines(explanation),
  ].join("\n");
}

/** A decision in one line. */
export function describeDecision(decision: Decision): string {
  switch (decision.kind) {
    case "forward": {
      const version = decision.version === undefined ? "" : ` ${decision.version}`;
      return `route ${decision.route} forwards to ${decision.service}${version} at ${decision.instance.url}`;
    }
    case "redirect":
      return `route ${decision.route} redirects (${decision.status}) to ${decision.location}`;
    case "respond":
      return `route ${decision.route} answers ${decision.status}`;
    case "reject": {
      const route = decision.route === undefined ? "" : ` on route ${decision.route}`;
      return `refused${route} with ${decision.status} ${decision.reason}: ${decision.detail}`;
    }
    case "none":
      return "no route holds, so the server behind answers";
  }
}

function requestLines({ request }: Explanation): string[] {
  const { method, url, path, host, protocol, clientAddress, preflightFor } = request;
  const seen = [
    ...(path === undefined || url.split("?")[0] === path ? [] : [`path ${path}`]),
    ...(path === undefined ? [] : [`host ${host ?? "not given"}`]),
    ...(protocol === undefined ? [] : [protocol]),
    ...(clientAddress === undefined ? [] : [`from ${clientAddress}`]),
    ...(preflightFor === undefined ? [] : [`a preflight for ${printable(preflightFor)}`]),
  ];
  const line = `${printable(method)} ${printable(url)}`;
  return seen.length === 0 ? [line] : [line, `  ${seen.join(", ")}`];
}

function routeLines({ routes, unlisted, request }: Explanation): string[] {
  if (request.path === undefined) return [];
  const names = namesOf(routes);
  const width = Math.min(
    40,
    names.reduce((most, name) => Math.max(most, name.length), 0),
  );
  const rest =
    unlisted === 0 ? [] : [`  … and ${unlisted} more, most of them for another host or path`];
  return [
    "Routes, the first that holds is taken:",
    ...routes.map((route, index) => routeLine(names[index] as string, route, width)),
    ...rest,
  ];
}

const MARKS = { taken: "✓", outranked: "·", failed: "✗" };

// A route with several alternatives or hosts has a line for each.
function namesOf(routes: readonly ExplainedRoute[]): string[] {
  const alternatives = new Map<string, Set<number>>();
  const hosts = new Map<string, Set<string | undefined>>();
  for (const { route, alternative, host } of routes) {
    addTo(alternatives, route, alternative);
    addTo(hosts, route, host);
  }
  return routes.map(({ route, alternative, host }) => {
    const number = (alternatives.get(route)?.size ?? 0) > 1 ? ` #${alternative + 1}` : "";
    const on = (hosts.get(route)?.size ?? 0) > 1 ? ` ${host ?? "any host"}` : "";
    return route + number + on;
  });
}

function addTo<T>(sets: Map<string, Set<T>>, key: string, entry: T): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([entry]));
  else set.add(entry);
}

function routeLine(name: string, { verdict, failed }: ExplainedRoute, width: number): string {
  const head = `  ${MARKS[verdict]} ${name.padEnd(width)}`;
  if (verdict === "outranked") return `${head}  would hold, but another goes first`;
  if (failed === undefined) return head.trimEnd();
  const what = failed.name === "" ? failed.on : `${failed.on} ${failed.name}`;
  const found = failed.found === undefined ? "nothing" : printable(JSON.stringify(failed.found));
  return `${head}  ${what}: wanted ${failed.wanted}, found ${found}`;
}

function splitLines(split: ExplainedSplit | undefined): string[] {
  if (split === undefined || split.point === undefined) return [];
  const origin = describeOrigin(split);
  const backends = split.backends.map(({ service, version, weight, share, chosen }) => {
    const name = version === undefined ? service : `${service} ${version}`;
    return `  ${chosen ? "✓" : " "} ${name}  weight ${weight} (${percent(share)})`;
  });
  return [`Split, read at ${split.point} (${origin}):`, ...backends];
}

function describeOrigin({ sticky, key }: ExplainedSplit): string {
  if (sticky === undefined) return "drawn";
  const [place, name] =
    sticky === "clientAddress"
      ? ["client address", ""]
      : (Object.entries(sticky)[0] as [string, string]);
  const where = name === "" ? place : `${place} ${name}`;
  return key === undefined
    ? `drawn, for there is no ${where}`
    : `of ${where}, ${printable(JSON.stringify(key))}`;
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100} %`;
}

function poolLines(pool: ExplainedPool): string[] {
  const version = pool.version === undefined ? "" : ` ${pool.version}`;
  const all = pool.triesAll ? "; none is eligible, so all are tried" : "";
  const lines = pool.instances.map(({ url, verdict, inFlight, ejectedForMs, reason }) => {
    const mark = verdict === "chosen" ? "✓" : verdict === "candidate" ? "·" : "✗";
    const ejected = ejectedForMs > 0 ? `, ejected for ${Math.ceil(ejectedForMs)} ms more` : "";
    return `  ${mark} ${url}  ${reason ?? `${inFlight} in flight${ejected}`}`;
  });
  const none = pool.instances.length === 0 ? ["  there are none"] : [];
  const role = pool.role === "fallback" ? ", the fallback" : "";
  const head = `Instances for ${pool.service}${version}${role} (${pool.balancer}${all}):`;
  const more = pool.unlisted === 0 ? [] : [`  … and ${pool.unlisted} more`];
  return [head, ...lines, ...none, ...more];
}

function mirrorLines(mirrors: readonly ExplainedMirror[]): string[] {
  if (mirrors.length === 0) return [];
  const lines = mirrors.map(({ service, version, ratio, instance, reason }) => {
    const name = version === undefined ? service : `${service} ${version}`;
    return `  ${instance === undefined ? " " : "✓"} ${name}  ratio ${ratio}: ${instance ?? (reason as string)}`;
  });
  return ["Copies:", ...lines];
}

function corsLines(cors: ExplainedCors | undefined): string[] {
  if (cors === undefined) return [];
  const verdict = cors.isAllowed ? "may read the answer" : "is not allowed to read the answer";
  return [`CORS: the origin ${printable(cors.origin)} ${verdict}`];
}

function headLines({ upstreamRequest, clientResponse }: Explanation): string[] {
  if (upstreamRequest !== undefined) {
    const { method, path, headers } = upstreamRequest;
    return [`  ${method} ${path}`, ...fieldLines(headers)];
  }
  if (clientResponse === undefined) return [];
  return [`  ${clientResponse.status}`, ...fieldLines(clientResponse.headers)];
}

function fieldLines(headers: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2)
    lines.push(`  ${printable(headers[i] as string)}: ${printable(headers[i + 1] as string)}`);
  return lines;
}

// What a client sent must not move the cursor of a terminal or begin a line of a log.
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
