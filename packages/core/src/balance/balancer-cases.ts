import type { Balancer, Candidate, PickInput } from "./balancer.js";

/** One thing that every balancer does. `run` throws when this one does not. */
export interface BalancerCase {
  readonly name: string;
  run(): void;
}

/**
 * What every balancer must do, whatever it is for: the suite for balancers of your own as well.
 *
 * @example
 * describe.each(balancerCases(leastRequest))("$name", ({ run }) => it("holds", run));
 */
export function balancerCases(balancer: Balancer): readonly BalancerCase[] {
  const pick = (input: Partial<PickInput> & Pick<PickInput, "candidates">) =>
    balancer.pick({ draw: drawsOf([0]), now: 1_000, ...input });
  const everyInput = (visit: (input: PickInput) => void) => {
    for (const candidates of lists()) {
      for (const draws of [[0], [0.5], [HIGHEST], [HIGHEST, 0], [0, 0.3, 0.9]]) {
        for (const cursor of [0, 1, 7, 1_000_003])
          visit({ candidates, draw: drawsOf(draws), now: 1_000, cursor });
      }
    }
  };
  return [
    {
      name: "has a name",
      run: () => ensure(balancer.name !== "", "the name is empty"),
    },
    {
      name: "takes the only candidate",
      run: () => ensure(pick({ candidates: [candidate("a")] }) === 0, "another one was taken"),
    },
    {
      name: "answers the index of a candidate, for the lowest and the highest draw too",
      run: () =>
        everyInput((input) => {
          const index = balancer.pick(input);
          const isIndex = Number.isInteger(index) && index >= 0 && index < input.candidates.length;
          ensure(isIndex, `${index} is no index of ${input.candidates.length} candidates`);
        }),
    },
    {
      name: "answers the same when it is given the same",
      run: () =>
        everyInput((input) => {
          const again = { ...input, draw: drawsOf([0.2, 0.7]) };
          const first = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]) });
          ensure(balancer.pick(again) === first, "the second pick differs");
        }),
    },
    {
      name: "changes nothing that it is given",
      run: () =>
        everyInput((input) => {
          const before = JSON.stringify(input.candidates);
          balancer.pick(Object.freeze({ ...input, candidates: frozen(input.candidates) }));
          ensure(JSON.stringify(input.candidates) === before, "a candidate has changed");
        }),
    },
    {
      name: "picks the same whether its preparation is handed in or made anew",
      run: () =>
        everyInput((input) => {
          const prepared = balancer.prepare?.(input.candidates);
          const handed = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]), prepared });
          const anew = balancer.pick({ ...input, draw: drawsOf([0.2, 0.7]) });
          ensure(handed === anew, `${handed} with it, ${anew} without`);
        }),
    },
    {
      name: "prepares from ids and weights alone",
      run: () =>
        everyInput((input) => {
          const idle = balancer.prepare?.(input.candidates);
          const busy = balancer.prepare?.(
            input.candidates.map((each) => ({ ...each, inFlight: each.inFlight + 5 })),
          );
          ensure(JSON.stringify(idle) === JSON.stringify(busy), "load is in it");
        }),
    },
    {
      name: "reaches every candidate",
      run: () => {
        for (const candidates of lists().filter(({ length }) => length <= 5)) {
          const idle = candidates.map((each) => ({ ...each, inFlight: 0 }));
          const reached = new Set<number>();
          for (let cursor = 0; cursor < 2_000; cursor++)
            reached.add(
              balancer.pick({ candidates: idle, draw: spread(cursor), now: cursor, cursor }),
            );
          ensure(reached.size === candidates.length, `reached ${[...reached].join()}`);
        }
      },
    },
  ];
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

function frozen(candidates: readonly Candidate[]): readonly Candidate[] {
  return Object.freeze(candidates.map((each) => Object.freeze({ ...each })));
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
