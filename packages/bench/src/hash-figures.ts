import {
  consistentHash,
  consistentHashWith,
  maglev,
  maglevWith,
  rendezvous,
  type Balancer,
  type Candidate,
} from "@signalbox/core";
import { seededRandom } from "./random.ts";
import { table } from "./table.ts";

/** What a balancer that goes by keys does to a number of instances. Loads are multiples of the fair share. */
interface HashFigures {
  readonly instances: number;
  readonly name: string;
  readonly fullest: number;
  readonly emptiest: number;
  /** Keys of the instance that left, in percent of all. */
  readonly own: number;
  /** Keys that moved though their instance stayed, in percent of all. */
  readonly others: number;
}

const balancers: readonly { readonly name: string; readonly balancer: Balancer }[] = [
  { name: "consistent-hash", balancer: consistentHash },
  {
    name: "consistent-hash, 160 points each",
    balancer: consistentHashWith({ minimumRingSize: 320 }),
  },
  { name: "maglev, 65,537 slots", balancer: maglev },
  { name: "maglev, 655,373 slots", balancer: maglevWith({ tableSize: 655_373 }) },
  { name: "rendezvous", balancer: rendezvous },
];

const figures = [3, 10, 100, 1_000].flatMap((instances) =>
  balancers.map(({ name, balancer }) => measure(name, balancer, instances)),
);
console.log(
  table<HashFigures>(
    [
      { heading: "instances", value: ({ instances }) => instances },
      { heading: "balancer", value: ({ name }) => name },
      { heading: "fullest", value: ({ fullest }) => fullest, digits: 3 },
      { heading: "emptiest", value: ({ emptiest }) => emptiest, digits: 3 },
      { heading: "one leaves: its keys %", value: ({ own }) => own, digits: 2 },
      { heading: "others moved %", value: ({ others }) => others, digits: 2 },
    ],
    figures,
  ),
);

// Enough keys that chance alone makes an instance a few percent fuller at most.
function measure(name: string, balancer: Balancer, count: number): HashFigures {
  const candidates = Array.from({ length: count }, (_, index) => ({
    id: `http://10.0.${index >> 8}.${index & 255}:8080`,
    weight: 1,
    inFlight: 0,
  }));
  const random = seededRandom(count);
  const keys = Uint32Array.from({ length: Math.max(200_000, count * 1_000) }, () =>
    Math.floor(random() * 2 ** 32),
  );
  const before = placed(balancer, candidates, keys);
  const loads = new Float64Array(count);
  for (const owner of before) loads[owner] = (loads[owner] as number) + count / keys.length;
  const gone = count >> 1;
  const after = placed(balancer, candidates.toSpliced(gone, 1), keys);
  let own = 0;
  let others = 0;
  for (const [index, owner] of before.entries()) {
    if (owner === gone) own++;
    else if (after[index] !== (owner > gone ? owner - 1 : owner)) others++;
  }
  return {
    instances: count,
    name,
    fullest: Math.max(...loads),
    emptiest: Math.min(...loads),
    own: (100 * own) / keys.length,
    others: (100 * others) / keys.length,
  };
}

/** Index of the candidate that each key is given to. */
function placed(
  balancer: Balancer,
  candidates: readonly Candidate[],
  keys: Uint32Array,
): Uint32Array {
  const prepared = balancer.prepare?.(candidates);
  const draw = (): number => 0;
  return keys.map((key) => balancer.pick({ candidates, draw, now: 0, key, prepared }));
}
