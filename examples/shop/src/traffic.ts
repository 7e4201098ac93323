import { Agent, request } from "node:http";

/** One request of one user. */
export interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly user: string;
  readonly body?: string;
}

/** Something to be done while traffic runs, once so many requests have been answered. One follows the other. */
interface TrafficEvent {
  readonly after: number;
  readonly run: () => Promise<void>;
}

/** What a run of traffic is made of. */
export interface TrafficPlan {
  readonly port: number;
  readonly requests: number;
  /** Requests that are under way at once, each on a connection that is kept. */
  readonly clients?: number;
  /** The n-th request. */
  readonly call: (n: number) => Call;
  readonly events?: readonly TrafficEvent[];
  readonly onAnswer: (answered: number, lost: number) => void;
}

/** How it went, as the clients saw it. */
export interface TrafficResult {
  /** Requests that got no whole answer, or none with a good status. */
  readonly lost: number;
  readonly seconds: number;
  /** Versions of products that each user saw. */
  readonly versions: ReadonlyMap<string, ReadonlySet<string>>;
}

const USERS = 1_000;

/** The mix of a shop: half of it looks at products, some of it orders. */
export function mixedCall(n: number): Call {
  const path = MIX[n % MIX.length] as string;
  const user = userOf(Math.floor(n / MIX.length) * 7 + n);
  if (path !== "POST") return { method: "GET", path, user };
  return { method: "POST", path: "/orders", user, body: '{"product":"lamp","quantity":2}' };
}

const MIX: readonly string[] = [
  ...["/products", "/products/lamp", "/orders", "POST", "/products/bell"],
  ...["/shipping/island", "/products/clock", "/payments/1", "/products/flag", "/orders/1"],
  ...["/products", "POST", "/products/lever", "/shipping/north", "/products/lamp"],
  ...["/payments", "/products/bell", "/orders/2", "/products/clock", "/"],
];

/** Each user in turn looks at a product. */
export function productCall(n: number): Call {
  return { method: "GET", path: "/products/lamp", user: userOf(n) };
}

function userOf(n: number): string {
  return `user-${n % USERS}`;
}

/** Sends a fixed number of requests to one address. */
export async function runTraffic(plan: TrafficPlan): Promise<TrafficResult> {
  const { requests, clients = 48, call, events = [], onAnswer } = plan;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const versions = new Map<string, Set<string>>();
  const due = [...events];
  let happening = Promise.resolve();
  let sent = 0;
  let answered = 0;
  let lost = 0;
  const client = async (): Promise<void> => {
    while (sent < requests) {
      const next = call(sent++);
      const { isGood, version } = await send(agent, plan.port, next);
      answered++;
      if (!isGood) lost++;
      if (version !== undefined) note(versions, next.user, version);
      onAnswer(answered, lost);
      while (due[0] !== undefined && answered >= due[0].after) {
        const { run } = due.shift() as TrafficEvent;
        happening = happening.then(run);
        happening.catch(() => {});
      }
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - startedAt) / 1000;
  await happening;
  agent.destroy();
  return { lost, seconds, versions };
}

function send(agent: Agent, port: number, { method, path, user, body }: Call): Promise<Answer> {
  return new Promise((resolve) => {
    const headers: Record<string, string | number> = { cookie: `uid=${user}` };
    if (body !== undefined) {
      headers["content-type"] = "application/json";
      headers["content-length"] = Buffer.byteLength(body);
    }
    const req = request({ agent, host: "127.0.0.1", port, method, path, headers }, (res) => {
      const [service, version] = String(res.headers["x-served-by"]).split(" ");
      const isGood = (res.statusCode as number) >= 200 && (res.statusCode as number) < 300;
      res.resume();
      res.on("error", () => {});
      res.on("close", () =>
        resolve({
          isGood: isGood && res.complete,
          version: service === "products" ? version : undefined,
        }),
      );
    });
    req.on("error", () => resolve(LOST));
    req.end(body);
  });
}

interface Answer {
  readonly isGood: boolean;
  /** Of products only. */
  readonly version: string | undefined;
}

const LOST: Answer = { isGood: false, version: undefined };

function note(versions: Map<string, Set<string>>, user: string, version: string): void {
  const seen = versions.get(user);
  if (seen === undefined) versions.set(user, new Set([version]));
  else seen.add(version);
}
