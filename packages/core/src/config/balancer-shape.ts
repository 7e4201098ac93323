import { headerName, milliseconds, name, whole } from "./leaf-shapes.js";
import { oneOrMany } from "./one-or-many.js";
import { onlyCode, outlined } from "./outline.js";
import {
  choice,
  either,
  isObject,
  isText,
  judged,
  number,
  oneForm,
  optional,
  record,
  type Schema,
} from "./schema.js";

const NAMES = [
  "least-request",
  "round-robin",
  "random",
  "peak-ewma",
  "consistent-hash",
  "maglev",
  "rendezvous",
  "first-eligible",
] as const;

const keyForms = {
  cookie: name("a cookie"),
  header: headerName,
  query: name("a query parameter"),
  fact: name("a fact"),
};
const clientAddress = outlined(
  judged(
    (value) => value === "clientAddress",
    "KEY",
    "a key",
    '"clientAddress", or a source such as { cookie: "uid" }',
  ),
  { const: "clientAddress" },
);

const chooseKey = oneForm("KEY", "a key", { ...keyForms, param: name("a path parameter") });
const oneKey = either(
  (input) => (isObject(input) ? chooseKey(input) : clientAddress),
  () => [clientAddress, ...chooseKey.forms],
);
const key = oneOrMany("key", oneKey);

const boundedLoad = number(
  "BALANCER",
  "boundedLoad",
  "a finite number >= 1",
  (value) => Number.isFinite(value) && value >= 1,
  { minimum: 1 },
);
/** Largest ring. Source: Envoy, `maximum_ring_size`. */
const MOST_POINTS = 8_388_608;
const ringSize = (field: string) => whole("BALANCER", field, 2, MOST_POINTS);
const draws = whole("BALANCER", "draws", 2, 1_000);
const hashing = { key: optional(key), boundedLoad: optional(boundedLoad) };

const options: Record<(typeof NAMES)[number], Record<string, Schema>> = {
  "least-request": {
    draws: optional(draws),
    fullScanUpTo: optional(whole("BALANCER", "fullScanUpTo", 0)),
  },
  "round-robin": {},
  random: {},
  "peak-ewma": { draws: optional(draws), decayMs: optional(milliseconds("decayMs", 1)) },
  "consistent-hash": {
    ...hashing,
    minimumRingSize: optional(ringSize("minimumRingSize")),
    maximumRingSize: optional(ringSize("maximumRingSize")),
  },
  maglev: {
    ...hashing,
    tableSize: optional(
      number("BALANCER", "tableSize", "a prime number up to 5000011", isTableSize, {
        type: "integer",
        minimum: 2,
        maximum: 5_000_011,
      }),
    ),
  },
  rendezvous: hashing,
  "first-eligible": {},
};
const records = new Map<unknown, Schema>(
  NAMES.map((each) => [
    each,
    record(`the balancer ${each}`, {
      name: choice("BALANCER", "a balancer", [each]),
      ...options[each],
    }),
  ]),
);
const nameless = record("a balancer", { name: choice("BALANCER", "a balancer", NAMES) });

const value = onlyCode(
  judged(
    (input) => isOwnBalancer(input) && isText((input as { name?: unknown }).name),
    "BALANCER",
    "a balancer",
    "a name, a record with a name and its options, or a value with a name and a pick function",
  ),
);
const balancerName = choice("BALANCER", "a balancer", NAMES);

/** A balancer by its name, with options, or one of the user's own. */
export const balancer = either(
  (input) => {
    if (isText(input)) return balancerName;
    if (!isObject(input) || isOwnBalancer(input)) return value;
    const { name: given } = input as { name?: unknown };
    return given === undefined ? value : (records.get(given) ?? nameless);
  },
  () => [balancerName, value, ...records.values()],
);

function isOwnBalancer(input: unknown): boolean {
  return isObject(input) && typeof (input as { pick?: unknown }).pick === "function";
}

function isTableSize(size: number): boolean {
  if (!Number.isInteger(size) || size < 2 || size > 5_000_011) return false;
  for (let divisor = 2; divisor * divisor <= size; divisor++)
    if (size % divisor === 0) return false;
  return true;
}
