import fc from "fast-check";
import { expect, it } from "vitest";
import type { InstanceConfig } from "./config/service-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { Outcome } from "./outcome.js";
import { testEnv } from "./testing/env.js";
import { request } from "./testing/request.js";

const OUTCOMES: readonly Outcome[] = [
  { kind: "response", status: 200, totalMs: 5 },
  { kind: "response", status: 503, totalMs: 5 },
  { kind: "failure", stage: "connect", cause: "refused" },
];
const MOST_EJECTION_MS = 2_000;
const PATHS = ["/", "/v1", "/v2"] as const;
type Path = (typeof PATHS)[number];

interface Given {
  readonly zone: number;
  readonly tier: number;
  readonly version: number;
}
const given: fc.Arbitrary<Given> = fc.record({
  zone: fc.nat(1),
  tier: fc.nat(2),
  version: fc.nat(2),
});
/** Versions `v1` and `v2`, or none. */
const instanceOf = ({ zone, tier, version }: Given, n: number): InstanceConfig => ({
  ...{ id: `i${n}`, url: `http://i${n}`, tier, zone: zone === 0 ? "near" : "far" },
  ...(version === 0 ? {} : { version: `v${version}` }),
});

interface Step {
  readonly kind: "send" | "send all" | "advance" | "add" | "drain" | "remove";
  readonly path: Path;
  /** By the bits of it: who fails. */
  readonly failing: number;
  readonly n: number;
  readonly given: Given;
}
const step = (kinds: readonly Step["kind"][]): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    path: fc.constantFrom(...PATHS),
    failing: fc.nat(2 ** 16 - 1),
    n: fc.nat(30),
    given,
  });
const SENDING = ["send", "send", "send all", "send all", "send all", "advance"] as const;
interface Setup {
  readonly instances: readonly Given[];
  /** 0 for all of the service. */
  readonly size: number;
  readonly ratio: number;
}
const setup: fc.Arbitrary<Setup> = fc.record({
  instances: fc.array(given, { minLength: 1, maxLength: 14 }),
  size: fc.nat(6),
  ratio: fc.constantFrom(0.5, 1),
});

/** A service of which a gateway uses a part, whose requests are refused where nobody is eligible. */
class World {
  readonly wrong: string[] = [];
  readonly out = new Set<string>();
  readonly #env = testEnv();
  readonly #gateway: Gateway;
  readonly #asked = new Set<Path>();
  #count: number;
  #hasChanged = false;

  constructor({ instances, size, ratio }: Setup) {
    let draws = 0;
    this.#env.random = () => (draws++ * 0.618) % 1;
    this.#count = instances.length;
    const window = { minimumInstances: 2, minimumAnswers: 3 };
    this.#gateway = createGateway(
      {
        zone: "near",
        services: {
          s: {
            instances: instances.map(instanceOf),
            ...(size === 0 ? {} : { subset: { client: "g", size } }),
            whenNoneEligible: "reject",
            outlier: {
              ...{ consecutiveFailures: 2, maxEjectionRatio: ratio, returnMs: 400 },
              ...{ baseEjectionMs: 500, maxEjectionMs: MOST_EJECTION_MS, intervalMs: 1_000 },
              ...{ failureRatio: window, successRate: window, latency: window },
            },
          },
        },
        routes: [
          ...["v1", "v2"].map((version) => ({
            match: { path: `/${version}` },
            to: { service: "s", version },
          })),
          { to: "s" },
        ],
      },
      { env: this.#env },
    );
    this.#gateway.onChange(({ kind, instance }) => {
      const id = instance?.id ?? "";
      if (kind === "returned" || kind === "left") this.out.delete(id);
      if (kind !== "ejected") return;
      this.out.add(id);
      for (const path of this.#asked) this.#look(path);
    });
  }

  get #service() {
    return this.#gateway.service("s");
  }

  /** Those that requests of a path may go to, but for their health. */
  #membersOf(path: Path) {
    const open = this.#service.instances().filter(({ health }) => health !== "draining");
    return path === "/" ? open : open.filter(({ version }) => path === `/${version}`);
  }

  // Whether an ejection has left somebody, of those that the gateway uses, to whom requests of a path may go.
  #look(path: Path): void {
    const [pool] = this.#gateway.explain(request(`GET ${path}`)).pools;
    const isUsed = pool?.instances.some(({ verdict }) => verdict !== "left-out");
    if (this.#membersOf(path).length > 0 && isUsed !== true) this.wrong.push(`none for ${path}`);
  }

  take({ kind, path, failing, n, given: more }: Step): void {
    this.#hasChanged ||= kind === "add" || kind === "drain" || kind === "remove";
    const ids = this.#service.instances().map(({ id }) => id);
    const id = ids[n % ids.length];
    if (kind === "send") this.#send(path, failing);
    if (kind === "send all") for (let times = 0; times < 12; times++) this.#send(path, failing);
    if (kind === "advance") this.#env.advance(n * n);
    if (kind === "add") this.#service.add(instanceOf(more, this.#count++));
    if (kind === "drain" && id !== undefined) void this.#service.drain(id);
    if (kind === "remove" && id !== undefined) this.#service.remove(id);
  }

  #send(path: Path, failing: number): void {
    const decision = this.#gateway.decide(request(`GET ${path}`));
    if (decision.kind !== "forward") {
      const members = this.#membersOf(path);
      if (members.some(({ health }) => health === "eligible"))
        this.wrong.push(`${path} refused although somebody is eligible`);
      if (this.#asked.has(path) && !this.#hasChanged && members.length > 0)
        this.wrong.push(`${path} refused for ejections alone`);
      return;
    }
    this.#asked.add(path);
    this.#gateway.start(decision);
    const bit = 1 << (Number(decision.instance.id.slice(1)) % 16);
    const outcome = failing & bit ? OUTCOMES[1 + (failing & 1)] : OUTCOMES[0];
    this.#gateway.report(decision, outcome as Outcome);
  }

  end(): void {
    expect(this.wrong).toEqual([]);
    this.#env.advance(MOST_EJECTION_MS);
    this.#gateway.tick();
    expect([...this.out]).toEqual([]);
    expect(this.#service.instances().filter(({ health }) => health === "ejected")).toEqual([]);
  }
}

it("ejections never leave a subset, a version or a tier without anybody, and all end, for every sequence of outcomes", () => {
  fc.assert(
    fc.property(setup, fc.array(step(SENDING), { maxLength: 60, size: "max" }), (of, steps) => {
      const world = new World(of);
      for (const each of steps) world.take(each);
      world.end();
    }),
    { seed: 51, numRuns: 300 },
  );
});

it("nobody is refused while an instance for the request is eligible, whoever comes and goes", () => {
  const kinds = [...SENDING, "add", "add", "drain", "remove"] as const;
  fc.assert(
    fc.property(setup, fc.array(step(kinds), { maxLength: 60, size: "max" }), (of, steps) => {
      const world = new World(of);
      for (const each of steps) {
        world.take(each);
        // Whoever takes instances away may leave those that are ejected alone.
        expect(world.wrong.filter((what) => what.includes("refused"))).toEqual([]);
      }
    }),
    { seed: 52, numRuns: 300 },
  );
});
