import type { Balancer, Candidate, PickInput } from "./balancer.js";

/** One thing that every balancer does. `run` throws when this one does not. */
export interface BalancerCase {
  readonly name: string;
  run(): void;
}

/** What a balancer is meant to do, where not all are meant to. */
export interface BalancerCaseOptions {
  /** Whether it spreads requests over all candidates. Default: true. */
  readonly spreads?: boolean;
  /** The bound that it keeps the load of each candidate within. Default: none. */
  readonly boundedLoad?: number;
}

/**
 * What every balancer must do, whatever it is for: the suite for balancers of your own as well.
 *
 * @example
 * describe.each(balancerCases(leastRequest))("$name", ({ run }) => it("holds", run));
 */
export function balancerCases(
  balancer: Balancer,
  { spreads = true, boundedLoad }: BalancerCaseOptions = {},
): readonly BalancerCase[] {
  return [
    ...contractCases(balancer),
    ...blindCases(balancer),
    ...(balancer.usesKey === true ? keyCases(balancer) : []),
    ...(spreads ? [reachCase(balancer)] : []),
    ...(boundedLoad === undefined ? [] : [boundCase(balancer, boundedLoad)]),
  ];
}

function contractCases(balancer: Balancer): readonly BalancerCase[] {
  return [
    {
      name: "has a name",
      run: () => ensure(balancer.name !== "", "the name is empty"),
    },
    {
      name: "takes the only candidate",
      run: () => {
        const input = { candidates: [candidate("a")], draw: drawsOf([0]), now: 1_000 };
        ensure(balancer.pick(input) === 0, "another one was taken");
      },
    },
    {
      name: "answers the index of a candidate, for the lowest and the highest draw and key too",
      run: () =>
        everyInput(balancer, (input) => {
          const index = balancer.pick(input);
          const isIndex = Number.isInteger(index) && index >= 0 && index < input.candidates.length;
          ensure(isIndex, `${index} is no index of ${input.candidates.length} candidates`);
        }),
    },
    {
      name: "answers the same when it is given the same",
      run: () =>
        everyInput(balancer, (input) => {
          const again = { ...input, draw: drawsOf([0.2, 0.7]) };
          const first = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]) });
          ensure(balancer.pick(again) === first, "the second pick differs");
        }),
    },
    {
      name: "changes nothing that it is given",
      run: () => {
        for (const candidates of lists()) {
          const before = JSON.stringify(candidates);
          const given = Object.freeze(candidates.map((each) => Object.freeze({ ...each })));
          for (const prepared of [undefined, balancer.prepare?.(given)]) {
            const input = { candidates: given, draw: drawsOf([0.3]), now: 1_000, prepared };
            balancer.pick(Object.freeze(input));
          }
          ensure(JSON.stringify(given) === before, "a candidate has changed");
        }
      },
    },
    {
      name: "picks the same whether its preparation is handed in or made anew",
      run: () => {
        for (const candidates of lists()) {
          const prepared = balancer.prepare?.(candidates);
          for (const cursor of [0, 1, 1_000_003]) {
            const input = { candidates, now: 1_000, cursor };
            const handed = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]), prepared });
            const anew = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]) });
            ensure(handed === anew, `${handed} with it, ${anew} without`);
          }
        }
      },
    },
    {
      name: "picks the same whether the sum of requests under way is handed in or worked out",
      run: () =>
        everyInput(balancer, (input) => {
          const inFlight = input.candidates.reduce((sum, each) => sum + each.inFlight, 0);
          const handed = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]), inFlight });
          const anew = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]) });
          ensure(handed === anew, `${handed} with it, ${anew} without`);
        }),
    },
    {
      name: "prepares from ids and weights alone",
      run: () => {
        for (const candidates of lists()) {
          const changed = candidates.map((each) => {
            const load = { inFlight: each.inFlight + 5, latencyMs: 80, latencyAt: 900 };
            return { ...each, ...load, zone: "z" };
          });
          const idle = JSON.stringify(balancer.prepare?.(candidates));
          ensure(idle === JSON.stringify(balancer.prepare?.(changed)), "more is in it");
        }
      },
    },
  ];
}

/** What a balancer does not say that it uses changes nothing. */
function blindCases(balancer: Balancer): readonly BalancerCase[] {
  const ignores = (change: Partial<PickInput>) => () =>
    everyInput(balancer, (input) => {
      const first = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]) });
      const other = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]), ...change });
      ensure(first === other, `${other} instead of ${first}`);
    });
  const cases: BalancerCase[] = [];
  if (balancer.usesTime === false)
    cases.push({ name: "does not look at the clock", run: ignores({ now: 1e9 }) });
  if (balancer.usesKey !== true)
    cases.push({ name: "does not look at the key", run: ignores({ key: 0x12345678 }) });
  return cases;
}

function keyCases(balancer: Balancer): readonly BalancerCase[] {
  return [
    {
      name: "picks the same for the same key, whatever the draws, the clock and the requests before",
      run: () =>
        everyKey(balancer, (input) => {
          const first = balancer.pick({ ...input, draw: drawsOf([0]) });
          for (const draws of [[HIGHEST], [0.3, 0.9]]) {
            const other = { ...input, draw: drawsOf(draws), now: 1e9, cursor: 1_000_003 };
            ensure(balancer.pick(other) === first, "another one for the same key");
          }
        }),
    },
    {
      name: "picks the same for the same key, whatever the order of the list",
      run: () =>
        everyKey(balancer, ({ candidates, prepared, ...input }) => {
          const turned = candidates.toReversed();
          const first = candidates[balancer.pick({ ...input, candidates, prepared })];
          const other = turned[balancer.pick({ ...input, candidates: turned })];
          ensure(first?.id === other?.id, `${other?.id} instead of ${first?.id}`);
        }),
    },
    {
      name: "goes by chance where there is no key",
      run: () => {
        const candidates = [candidate("a"), candidate("b")];
        const prepared = balancer.prepare?.(candidates);
        const picked = new Set<number>();
        for (let at = 0; at < 100; at++)
          picked.add(balancer.pick({ candidates, draw: spread(at), now: 1_000, prepared }));
        ensure(picked.size === 2, "one of two was never taken");
      },
    },
  ];
}

function reachCase(balancer: Balancer): BalancerCase {
  return {
    name: "reaches every candidate",
    run: () => {
      for (const candidates of lists().filter(({ length }) => length <= 5)) {
        const idle = candidates.map((each) => ({ ...each, inFlight: 0 }));
        const prepared = balancer.prepare?.(idle);
        const reached = new Set<number>();
        for (let cursor = 0; cursor < 2_000; cursor++) {
          const input = { candidates: idle, draw: spread(cursor), now: cursor, cursor, prepared };
          reached.add(balancer.pick(input));
        }
        ensure(reached.size === candidates.length, `reached ${[...reached].join()}`);
      }
    },
  };
}

function boundCase(balancer: Balancer, boundedLoad: number): BalancerCase {
  return {
    name: "never loads a candidate beyond the bound, though all requests have the same key",
    run: () => {
      for (const list of lists()) {
        const candidates = list.map((each) => ({ ...each, inFlight: 0 }));
        const weight = candidates.reduce((sum, each) => sum + each.weight, 0);
        const prepared = balancer.prepare?.(candidates);
        for (let inFlight = 0; inFlight < 300; inFlight++) {
          const input = { candidates, draw: drawsOf([0]), now: 1_000, key: 7, inFlight, prepared };
          const picked = candidates[balancer.pick(input)] as { weight: number; inFlight: number };
          picked.inFlight++;
          const bound = Math.ceil((boundedLoad * (inFlight + 1) * picked.weight) / weight);
          ensure(picked.inFlight <= bound, `${picked.inFlight} are more than ${bound}`);
        }
      }
    },
  };
}

function everyInput(balancer: Balancer, visit: (input: PickInput) => void): void {
  for (const candidates of lists()) {
    const prepared = balancer.prepare?.(candidates);
    for (const draws of [[0], [0.5], [HIGHEST], [HIGHEST, 0], [0, 0.3, 0.9]]) {
      for (const cursor of [0, 1, 7, 1_000_003]) {
        const input = { candidates, now: 1_000, cursor, prepared };
        visit({ ...input, draw: drawsOf(draws) });
        visit({ ...input, draw: drawsOf(draws), key: cursor * 4_290 });
      }
    }
    visit({ candidates, now: 1_000, draw: drawsOf([0]), key: 2 ** 32 - 1, prepared });
  }
}

function everyKey(balancer: Balancer, visit: (input: PickInput) => void): void {
  for (const candidates of lists()) {
    const prepared = balancer.prepare?.(candidates);
    for (const key of [0, 1, 99_999, 2 ** 31, 2 ** 32 - 1])
      visit({ candidates, key, now: 1_000, draw: drawsOf([0]), prepared });
  }
}

/** The highest number below 1. */
const HIGHEST = 1 - Number.EPSILON / 2;

function lists(): readonly (readonly Candidate[])[] {
  return [
    [candidate("a")],
    [candidate("a"), candidate("b", 1, 9)],
    [candidate("a", 3), candidate("b", 1), candidate("c", 2, 4)],
    [candidate("a", 0.5, 1), candidate("b", 1.25), candidate("c", 1), candidate("d", 1)],
    Array.from({ length: 100 }, (_, i) => candidate(`i${i}`, 1 + (i % 3), i % 7)),
  ];
}

function candidate(id: string, weight = 1, inFlight = 0): Candidate {
  return { id, weight, inFlight };
}

/** The listed numbers in turn, over and over. */
function drawsOf(draws: readonly number[]): () => number {
  let next = 0;
  return () => draws[next++ % draws.length] as number;
}

/** Numbers spread evenly over [0, 1), another start for each cursor. Source: the golden ratio sequence. */
function spread(cursor: number): () => number {
  let at = cursor * 2;
  return () => (at++ * 0.618_033_988_749_894_9) % 1;
}

function ensure(holds: boolean, complaint: string): void {
  if (!holds) throw new Error(complaint);
}
