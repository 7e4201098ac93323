import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createGateway, type Gateway, type GatewayConfig } from "@signalbox/core";
import { createProxy, type ExchangeEnd } from "@signalbox/proxy";
import { Fleet, type RunningInstance } from "./fleet.js";
import { Load, type Clients, type LoadReport, type StartClients } from "./load.js";

/** How hard a run works. */
export interface RestartPlan {
  readonly instances: number;
  readonly perSecond: number;
  /** Requests between two things that happen. */
  readonly between: number;
  /** Default: clients in this process, where they take time from the gateway. */
  readonly startClients?: StartClients;
}

/** What a run came to. */
export interface RestartReport {
  readonly load: LoadReport;
  /** Answers of the gateway that were no success. */
  readonly failures: readonly FailedRequest[];
  /** What is said of single runs. */
  readonly notes: readonly string[];
  readonly ejections: number;
  /** Requests that the gateway still counts under way at its end. */
  readonly inFlight: number;
}

/** A request that came to nothing. */
export interface FailedRequest {
  readonly status: number;
  readonly attempts: number;
  /** The last instance that was asked, and how far that had come; undefined where none was. */
  readonly instance: string | undefined;
  readonly stage: string | undefined;
}

interface World {
  readonly gateway: Gateway;
  readonly fleet: Fleet;
  readonly running: RunningInstance[];
  readonly ends: ExchangeEnd[];
  load(method: "GET" | "POST"): Clients;
}

const SERVICE = "s";

async function inWorld(
  plan: RestartPlan,
  rules: Partial<GatewayConfig["routes"][number]>,
  run: (world: World) => Promise<{ load: LoadReport; notes: string[] }>,
): Promise<RestartReport> {
  const fleet = new Fleet();
  try {
    const running = await Promise.all(
      Array.from({ length: plan.instances }, (_, index) => fleet.start(`i${index}`)),
    );
    const config: GatewayConfig = {
      services: { [SERVICE]: { instances: running.map(({ url, name }) => ({ url, id: name })) } },
      routes: [{ to: SERVICE, ...rules }],
    };
    const gateway = createGateway(config as never) as Gateway;
    let ejections = 0;
    gateway.onChange(({ kind }) => void (kind === "ejected" && ejections++));
    const ends: ExchangeEnd[] = [];
    const proxy = createProxy(gateway, {
      onEnd: (end) => void (end.status >= 500 && ends.push(end)),
    });
    const server = createServer((request, response) => proxy.handle(request, response));
    server.keepAliveTimeout = 60_000;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const start = plan.startClients ?? ((...clients) => new Load(...clients));
    const load = (method: "GET" | "POST") => start(url, plan.perSecond, method);
    const { load: report, notes } = await run({ gateway, fleet, running, ends, load });
    await proxy.close();
    server.close();
    const inFlight = gateway
      .service(SERVICE)
      .instances()
      .reduce((sum, each) => sum + each.inFlight, 0);
    return { load: report, failures: ends.map(failureOf), notes, ejections, inFlight };
  } finally {
    await fleet.stop();
  }
}

function failureOf({ status, failure, attempts, decision }: ExchangeEnd): FailedRequest {
  const instance = decision.kind === "forward" ? decision.instance.id : undefined;
  return { status, attempts, instance, stage: failure?.stage };
}

/** Whether a request had gone out to an instance, so that it must not be repeated. */
export function wasSentTo(name: string, { instance, stage }: FailedRequest): boolean {
  return instance === name && stage !== "connect";
}

/** Every instance is drained, ends, and comes back, one after the other. */
export function rollingRestart(plan: RestartPlan): Promise<RestartReport> {
  return inWorld(plan, {}, async ({ gateway, fleet, running, load }) => {
    const clients = load("POST");
    await clients.more(plan.between);
    const control = gateway.service(SERVICE);
    for (const [index, instance] of running.entries()) {
      await control.drain(instance.name);
      instance.signal("SIGTERM");
      await instance.ended();
      const next = await fleet.start(instance.name, instance.port);
      running[index] = next;
      control.resume(next.name);
      await clients.more(plan.between);
    }
    return { load: await clients.stop(), notes: [] };
  });
}

/** The process of one instance is killed in its work. */
export function suddenDeath(plan: RestartPlan, method: "GET" | "POST"): Promise<RestartReport> {
  const rules = method === "GET" ? { retry: { attempts: 2 } } : {};
  return inWorld(plan, rules, async ({ running, load }) => {
    const clients = load(method);
    await clients.more(plan.between);
    const victim = running[0] as RunningInstance;
    victim.signal("SIGKILL");
    await clients.more(2 * plan.between);
    return { load: await clients.stop(), notes: [victim.name] };
  });
}

/** The process of one instance stands still: it takes connections and says nothing. */
export function stalled(plan: RestartPlan, attemptMs: number): Promise<RestartReport> {
  return inWorld(plan, { timeouts: { attemptMs }, retry: { attempts: 2 } }, async (world) => {
    const { gateway, running, load } = world;
    const clients = load("GET");
    await clients.more(plan.between);
    const victim = running[0] as RunningInstance;
    const out = new Promise<number>((resolve) => {
      gateway.onChange(({ kind, instance }) => {
        if (kind === "ejected" && instance.id === victim.name) resolve(performance.now());
      });
    });
    const stoodAt = performance.now();
    victim.signal("SIGSTOP");
    const outAfterMs = (await out) - stoodAt;
    await clients.more(plan.between);
    const report = await clients.stop();
    victim.signal("SIGCONT");
    return { load: report, notes: [String(outAfterMs)] };
  });
}
