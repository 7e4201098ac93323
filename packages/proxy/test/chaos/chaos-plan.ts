import { behaviourNames, goodNames, type BehaviourName } from "../hostile/behaviours.js";
import type { Leave, Plan } from "../hostile/plan.js";
import { between, oneOf, type Random } from "../hostile/random.js";
import { pathOf } from "../hostile/visit.js";
import { routeNames } from "./chaos-config.js";
import { http2OwnNames, type Http2OwnName } from "./http2-behaviours.js";

const LEAVES: readonly Leave[] = [
  "in-head",
  "after-head",
  "in-upload",
  "waiting",
  "at-answer",
  "in-answer",
];

/** Those that ask for a websocket need an instance that opens one; others must not meet it. */
const upgrades: readonly BehaviourName[] = ["upgrade", "upgrade", "upgrade-reset"];
const plain = [...behaviourNames.filter((name) => !name.startsWith("upgrade")), ...http2OwnNames];

/** The request that a client makes next: a matter of the seed alone. */
export function nextPlan(random: Random, id: string): Plan {
  const isUpgrade = random() < 0.05;
  const behaviour = chooseBehaviour(random, isUpgrade);
  const method = isUpgrade ? "GET" : oneOf(random, ["GET", "GET", "GET", "POST", "PUT", "HEAD"]);
  const length = random() < 0.1 ? between(random, 60_000, 300_000) : between(random, 1, 4_000);
  const hasUpload = (method === "POST" || method === "PUT") && random() < 0.7;
  const route = random() < 0.4 ? "once" : oneOf(random, routeNames);
  return {
    id,
    method,
    path: pathOf(route, behaviour, id, length),
    length,
    isUpgrade,
    isSlow: random() < 0.1,
    ...(hasUpload ? { upload: uploadOf(random) } : {}),
    ...(random() < 0.12 ? { leave: oneOf(random, LEAVES) } : {}),
  };
}

function chooseBehaviour(random: Random, isUpgrade: boolean): BehaviourName | Http2OwnName {
  if (isUpgrade) return oneOf(random, upgrades);
  return random() < 0.5 ? oneOf(random, goodNames) : oneOf(random, plain);
}

function uploadOf(random: Random): NonNullable<Plan["upload"]> {
  const length = random() < 0.2 ? between(random, 60_000, 200_000) : between(random, 1, 3_000);
  return { length, isChunked: random() < 0.5 };
}
