import { createGateway, type Gateway, type GatewayConfig } from "@signalbox/core";
import { answerParent } from "./child.ts";
import { curvePoint, type Curve, type CurvePoint } from "./scale-curves.ts";

// One point of one curve in a process of its own.

/** What the process is asked. `build` comes first, once. */
export type ScaleQuestion =
  | { readonly kind: "build"; readonly curve: Curve; readonly size: number }
  | { readonly kind: "decide"; readonly durationMs: number }
  | { readonly kind: "update"; readonly what: "route" | "instance" };

/** CPU time of all threads. */
export interface ScaleAnswer {
  readonly cpuNs: number;
  /** Decisions that were made; 0 for the others. */
  readonly count: number;
  /** What the heap holds more than before; 0 but for `build`. */
  readonly heapBytes: number;
}

interface Ready extends CurvePoint {
  readonly gateway: Gateway;
}

answerParent<ScaleQuestion, ScaleAnswer>(answerer());

function answerer(): (question: ScaleQuestion) => ScaleAnswer {
  let ready: Ready | undefined;
  let updates = 0;
  return (question) => {
    if (question.kind === "build") {
      const { answer, ...built } = build(question.curve, question.size);
      ready = built;
      return answer;
    }
    if (ready === undefined) throw new Error("Asked before anything was built.");
    if (question.kind === "decide") return decide(ready, question.durationMs);
    const { gateway, config } = ready;
    const next = changed(config, question.what, ++updates);
    return measured(0, () => gateway.update(next));
  };
}

function build(curve: Curve, size: number): Ready & { readonly answer: ScaleAnswer } {
  const point = curvePoint(curve, size);
  const before = heapUsed();
  let gateway: Gateway | undefined;
  const { cpuNs } = measured(0, () => (gateway = createGateway(point.config)));
  const heapBytes = heapUsed() - before;
  const ready = { ...point, gateway: gateway as Gateway };
  for (const { view, route } of point.requests) {
    const decision = ready.gateway.decide(view);
    const found = decision.kind === "forward" ? decision.route : decision.kind;
    if (found !== route) throw new Error(`${view.url} found ${found} instead of ${route}.`);
  }
  return { ...ready, answer: { cpuNs, count: 0, heapBytes } };
}

function decide({ gateway, requests }: Ready, durationMs: number): ScaleAnswer {
  const end = performance.now() + durationMs;
  let forwarded = 0;
  let count = 0;
  const answer = measured(0, () => {
    for (let next = 0; performance.now() < end;) {
      for (let i = 0; i < 200; i++) {
        const request = requests[next] as (typeof requests)[number];
        if (gateway.decide(request.view).kind === "forward") forwarded++;
        next = next + 1 === requests.length ? 0 : next + 1;
      }
      count += 200;
    }
  });
  if (forwarded !== count) throw new Error(`${count - forwarded} of ${count} found no route.`);
  return { ...answer, count };
}

/** The configuration with one thing changed, so that nothing is the same as in any update before. */
function changed(config: GatewayConfig, what: "route" | "instance", update: number): GatewayConfig {
  const [firstRoute, ...routes] = config.routes;
  if (firstRoute === undefined) throw new Error("There is no route to change.");
  if (what === "route")
    return { ...config, routes: [{ ...firstRoute, timeouts: { requestMs: update } }, ...routes] };
  const [name, service] = Object.entries(config.services ?? {})[0] ?? [];
  if (name === undefined || service === undefined)
    throw new Error("There is no service to change.");
  const instances = [...service.instances, { url: `http://10.1.0.${update}:8080`, version: "v1" }];
  return { ...config, services: { ...config.services, [name]: { ...service, instances } } };
}

function measured(count: number, work: () => void): ScaleAnswer {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return { cpuNs: (user + system) * 1_000, count, heapBytes: 0 };
}

function heapUsed(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("Needs --expose-gc.");
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}
