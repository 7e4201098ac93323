import fc from "fast-check";
import { expect, it } from "vitest";
import type { AffinityConfig } from "./affinity/affinity-config.js";
import type { Balancer } from "./balance/balancer.js";
import type { ForwardDecision } from "./decision.js";
import { createGateway, type Gateway } from "./gateway.js";
import {
  configOf,
  IDS,
  instance,
  KINDS,
  listed,
  MOST_EJECTION_MS,
  OUTCOMES,
  PATHS,
  REFUSED,
  type Settings,
  type Step,
} from "./gateway-steps.js";
import type { Outcome } from "./outcome.js";
import type { ServiceControl } from "./service-control.js";
import type { GatewaySnapshot, PartialSnapshot } from "./snapshot.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

/** A request under way: at which life of its instance, and of the gateway's state. */
interface Open {
  readonly decision: ForwardDecision;
  readonly life: number;
  readonly epoch: number;
}

const settings: fc.Arbitrary<Settings> = fc.record({
  balancer: fc.constantFrom<Settings["balancer"]>(
    ...([
      "own",
      "own",
      "own",
      "own",
      "least-request",
      "round-robin",
      "random",
      "peak-ewma",
    ] as const),
    ...(["maglev", "rendezvous", "first-eligible"] as const),
    { name: "consistent-hash", boundedLoad: 1.25, minimumRingSize: 64 },
    { name: "rendezvous", key: { header: "x-user" }, boundedLoad: 1 },
  ),
  affinity: fc.constantFrom<AffinityConfig | undefined>(
    ...[undefined, { cookie: {} }, { header: "x-user", capacity: 2, ttlS: 2 }],
  ),
  isProbed: fc.constantFrom(false, false, true),
  triesAll: fc.boolean(),
  slowStartMs: fc.constantFrom(0, 1_000),
  limit: fc.constantFrom(0, 4),
});
const steps = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), id: fc.constantFrom(...IDS), n: fc.nat(15) }),
  { maxLength: 120, size: "max" },
);

/** A gateway, beside it what is known of it, and all that was ever wrong. */
class World {
  readonly wrong: string[] = [];
  readonly #env = testEnv();
  readonly #all: readonly Settings[];
  readonly #gateway: Gateway;
  readonly #service: ServiceControl;
  readonly #decided: ForwardDecision[] = [];
  readonly #cookies = new Map<number, string>();
  readonly #lives = new Map<string, number>();
  /** Those that were told to be ejected, or to drain, and not to be back. */
  readonly #out = new Set<string>();
  #now: Settings;
  #open: Open[] = [];
  #epoch = 0;

  constructor(all: readonly Settings[]) {
    let draws = 0;
    this.#env.random = () => (draws++ * 0.618) % 1;
    this.#all = all;
    this.#now = all[0] as Settings;
    this.#gateway = createGateway(configOf(this.#now, this.#own, listed(31)), { env: this.#env });
    this.#service = this.#gateway.service("s");
    this.#gateway.onChange(({ kind, instance, counts }) => {
      const id = instance?.id ?? "";
      const health = this.#healthOf(id);
      if (kind === "returned" && health !== "eligible") this.wrong.push(`returned, ${health}`);
      if (kind === "returned" && !this.#out.has(id)) this.wrong.push(`${id} was not out`);
      if (kind === "returned" || kind === "left") this.#out.delete(id);
      if (kind === "ejected" && counts.eligible < 1) this.wrong.push("nobody is left");
      // Who drains, or fails its probes, does not return when an ejection ends.
      if (kind === "ejected" && health === "ejected" && this.#out.has(id))
        this.wrong.push(`${id} was out already`);
      if (kind === "ejected" || kind === "draining") this.#out.add(id);
    });
  }

  // A balancer that sees what pools count.
  readonly #own: Balancer = {
    name: "own",
    usesKey: true,
    pick: ({ candidates, inFlight, draw }) => {
      const sum = candidates.reduce((total, each) => total + each.inFlight, 0);
      if (inFlight !== undefined && inFlight !== sum) this.wrong.push(`pool: ${inFlight}, ${sum}`);
      return Math.floor(draw() * candidates.length);
    },
  };

  #snapshotOf(id: string) {
    return this.#gateway.snapshot().services["s"]?.instances[id];
  }

  #healthOf(id: string) {
    return this.#service.instances().find((each) => each.id === id)?.health;
  }

  #lifeOf(id: string): number {
    return this.#lives.get(id) ?? 0;
  }

  #end(ids: readonly string[]): void {
    for (const id of ids) this.#lives.set(id, this.#lifeOf(id) + 1);
  }

  take({ kind, id, n }: Step): void {
    const before = this.#service.instances().map((each) => each.id);
    const isThere = before.includes(id);
    const some = listed(n * 2 + (n & 1));
    const outcome = OUTCOMES[n % OUTCOMES.length] as Outcome;
    const open = this.#open[n % Math.max(this.#open.length, 1)];
    if (kind === "decide") {
      const decision = this.#decide(PATHS[n & 3] as string, n >> 2);
      if (decision !== undefined) this.#decided.push(decision, ...decision.mirrors);
    }
    if (kind === "start") this.#start(n);
    if (kind === "report" && open !== undefined) this.#report(open, outcome);
    if (kind === "head" && open !== undefined)
      this.#gateway.report(open.decision, { kind: "head", status: n < 8 ? 200 : 502, headMs: n });
    if (kind === "retry" && open !== undefined) this.#retry(open, outcome);
    if (kind === "hedge" && open !== undefined) this.#hedge(open);
    if (kind === "serve") for (let times = 0; times < n; times++) this.#serve(n & 3, outcome);
    if (kind === "break") for (let times = 0; times < 6; times++) this.#serve(n & 3, REFUSED, id);
    if (kind === "update") {
      this.#now = this.#all[n % this.#all.length] as Settings;
      this.#gateway.update(configOf(this.#now, this.#own, some));
    }
    if (kind === "add") this.#service.add(instance(id, n));
    if (kind === "drain" && isThere) void this.#service.drain(id, { deadlineMs: n * 100 });
    if (kind === "resume") this.#service.resume(id);
    if (kind === "remove") this.#service.remove(id);
    if (kind === "set") this.#service.set(some);
    if (kind === "setWeight" && isThere) this.#service.setWeight(id, 1 + n);
    if (kind === "probe") this.#service.reportProbe(id, n < 10);
    if (kind === "advance") this.#env.advance(n * n * 5);
    if (kind === "tick" && this.#gateway.tick() <= 0) this.wrong.push("due still");
    if (kind === "restore") this.#restore();
    const after = this.#service.instances().map((each) => each.id);
    this.#end(before.filter((each) => !after.includes(each)));
    this.#check();
  }

  #decide(path: string, user: number): ForwardDecision | undefined {
    const cookie = this.#cookies.get(user);
    const headers = { "x-user": `u${user}`, ...(cookie === undefined ? {} : { cookie }) };
    const view = request(`GET ${path}`, { headers, remoteAddress: `192.0.2.${user}` });
    const decision = this.#gateway.decide(view);
    const underWay = this.#open.filter(({ epoch }) => epoch === this.#epoch).length;
    const isFull = this.#now.limit > 0 && underWay >= this.#now.limit;
    const isRefused = decision.kind === "reject" && decision.reason === "overloaded";
    if (isFull !== isRefused) this.wrong.push(`${underWay} under way, ${decision.kind}`);
    if (decision.kind === "forward") {
      this.#judge(decision, path);
      const [pair] = decision.setCookies[0]?.split(";") ?? [];
      if (pair !== undefined) this.#cookies.set(user, pair);
      return decision;
    }
    if (!isRefused && path !== "/split" && this.#eligibleOf(path) > 0)
      this.wrong.push(`${decision.kind} although somebody is eligible`);
    return undefined;
  }

  #eligibleOf(path: string, version = path === "/v1" ? "v1" : undefined): number {
    return this.#service
      .instances()
      .filter((each) => version === undefined || each.version === version)
      .filter(({ health }) => health === "eligible").length;
  }

  // Whether a decision leads where it may.
  #judge({ instance: { id }, version }: ForwardDecision, path: string): void {
    const health = this.#healthOf(id);
    const { affinity, triesAll } = this.#now;
    if (health === "eligible") return;
    if (health === undefined) this.wrong.push(`${id} is gone`);
    else if (health === "draining") {
      const isKept = affinity !== undefined && (this.#snapshotOf(id)?.drainForMs ?? 0) > 0;
      if (!isKept) this.wrong.push(`${id} drains`);
    } else if (!triesAll || this.#eligibleOf(path, path === "/" ? undefined : version) > 0)
      this.wrong.push(`${id} is ${health}`);
  }

  #start(n: number): void {
    const [decision] = this.#decided.splice(n % Math.max(this.#decided.length, 1), 1);
    if (decision === undefined || !this.#gateway.start(decision)) return;
    const life = this.#lifeOf(decision.instance.id);
    this.#open.push({ decision, life, epoch: this.#epoch });
    if (this.#gateway.start(decision)) this.wrong.push("started twice");
  }

  #report(open: Open, outcome: Outcome): void {
    if (!this.#gateway.report(open.decision, outcome)) this.wrong.push("a report got lost");
    if (this.#gateway.report(open.decision, outcome)) this.wrong.push("reported twice");
    this.#open = this.#open.filter((each) => each !== open);
  }

  #retry(open: Open, outcome: Outcome): void {
    this.#report(open, outcome);
    const next = this.#gateway.retry(open.decision, outcome, { replayable: true });
    if (next.kind !== "retry") return;
    this.#judge(next.decision, "/v1");
    this.#decided.push(next.decision);
  }

  #hedge({ decision }: Open): void {
    const next = this.#gateway.hedge(decision, { replayable: true });
    if (next.kind !== "retry") return;
    if (next.decision.instance.id === decision.instance.id) this.wrong.push("hedged at its own");
    this.#judge(next.decision, "/v1");
    this.#decided.push(next.decision);
  }

  /** A whole request; one that comes to another instance than the one that is meant is left by its client. */
  #serve(user: number, outcome: Outcome, meant?: string): void {
    const decision = this.#decide(PATHS[user] as string, user);
    if (decision === undefined || !this.#gateway.start(decision)) return;
    const isMeant = meant === undefined || meant === decision.instance.id;
    this.#gateway.report(decision, isMeant ? outcome : { kind: "cancelled", stage: "head" });
  }

  // What is under way comes back with nobody to give it back: it is left out.
  #restore(): void {
    const { instances = {}, ...rest } = this.#gateway.snapshot().services["s"] ?? {};
    const idle = Object.entries(instances).map(([id, each]) => [id, { ...each, inFlight: 0 }]);
    const partial = { services: { s: { ...rest, instances: Object.fromEntries(idle) } } };
    expect(this.#gateway.restore(partial as PartialSnapshot)).toEqual([]);
    this.#epoch++;
    this.#end(IDS);
    this.#out.clear();
    for (const [id, each] of Object.entries(instances))
      if (each.ejectedForMs > 0 || each.drainForMs !== null) this.#out.add(id);
  }

  #check(): GatewaySnapshot {
    const snapshot = this.#gateway.snapshot();
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    for (const [id, { inFlight }] of Object.entries(snapshot.services["s"]?.instances ?? {})) {
      const isHere = ({ decision, life }: Open) =>
        decision.instance.id === id && life === this.#lifeOf(id);
      expect([id, inFlight]).toEqual([id, this.#open.filter(isHere).length]);
    }
    expect(this.wrong).toEqual([]);
    return snapshot;
  }

  /** Everything ends, and time passes. */
  end(): void {
    for (const open of this.#open) this.#report(open, OUTCOMES[0] as Outcome);
    this.#check();
    this.#env.advance(MOST_EJECTION_MS);
    this.#gateway.tick();
    expect([...this.#out].filter((id) => this.#healthOf(id) === "eligible")).toEqual([]);
    expect(this.#service.instances().filter(({ health }) => health === "ejected")).toEqual([]);
    for (const path of PATHS) this.#decide(path, 0);
    const snapshot = this.#check();
    expect(this.#gateway.restore(JSON.parse(JSON.stringify(snapshot)) as PartialSnapshot)).toEqual(
      [],
    );
    expect(this.#gateway.snapshot()).toEqual(snapshot);
  }
}

it("counts, ejects, drains and forgets as it promises, whatever happens in whatever order", () => {
  fc.assert(
    fc.property(fc.array(settings, { minLength: 1, maxLength: 3 }), steps, (all, taken) => {
      const world = new World(all);
      for (const step of taken) world.take(step);
      world.end();
    }),
    { seed: 5, numRuns: 150 },
  );
});
