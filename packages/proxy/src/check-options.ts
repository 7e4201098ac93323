import { suggest, type Gateway } from "@signalbox/core";

type Check = readonly [expected: string, isGood: (value: unknown) => boolean];

const FUNCTION: Check = ["a function", isFunction];
const ANY: Check = ["", () => true];

/** Every option of a proxy and of the adapters: one object may serve several of them. Numbers have a look of their own. */
const OPTIONS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["onEnd", FUNCTION],
  ["onError", FUNCTION],
  ["onMirror", FUNCTION],
  ["facts", FUNCTION],
  ["fallback", FUNCTION],
  ["warn", FUNCTION],
  ["strict", ["true or false", isBoolean]],
  ["probes", ["true or false", isBoolean]],
  ["proxy", ["a proxy as createProxy or a mount has it", has("handle", "upgrade", "close")]],
  ["policies", ["an object of policies by name", isObject]],
  ["otherPaths", ['"refuse" or "forward"', (value) => value === "refuse" || value === "forward"]],
  [
    "graceMs",
    ["a number of milliseconds >= 0", (value) => typeof value === "number" && value >= 0],
  ],
  // Of `createGateway`, which some share an object with.
  ["env", ANY],
  ["policyMs", ANY],
  ["maxMirrors", ANY],
  ["maxUpgrades", ANY],
]);

/**
 * Looks at what a proxy or a mount is told, before anything is made of it.
 *
 * @param where the function that the user called
 * @param others names of options that the host itself knows
 *
 * @throws TypeError naming what is wrong, what was given and what was expected
 */
export function checkMount(
  where: string,
  gateway: unknown,
  options: object = {},
  others: readonly string[] = [],
): void {
  if (!isGateway(gateway))
    throw new TypeError(
      `${where}: expected a gateway, got ${describeValue(gateway)}; make one with createGateway(config)`,
    );
  if (!isObject(options))
    throw new TypeError(`${where}: expected an object of options, got ${describeValue(options)}`);
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !others.includes(name)) checkOption(where, name, value, others);
}

/** Whether a value is a gateway, of this copy of the library or of another. */
function isGateway(value: unknown): value is Gateway {
  return has("match", "decide", "start", "report", "onChange")(value);
}

/** A value in a few words, for errors about wrong arguments. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (isGateway(value)) return "a gateway";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return typeof value === "function" ? "a function" : String(value);
  if ("gateway" in value && isGateway(value.gateway))
    return "an object that holds one as `gateway`";
  const name = Object.getPrototypeOf(value)?.constructor?.name as unknown;
  return typeof name === "string" && name !== "Object"
    ? `${article(name)} ${name}`
    : "a plain object";
}

function article(name: string): string {
  return /^[AEIOaeiou]/.test(name) ? "an" : "a";
}

function checkOption(where: string, name: string, value: unknown, others: readonly string[]): void {
  const check = OPTIONS.get(name);
  if (check === undefined) {
    const near = suggest(name, [...OPTIONS.keys(), ...others]);
    const hint = near === undefined ? "" : `; did you mean "${near}"?`;
    throw new TypeError(`${where}: there is no option "${name}"${hint}`);
  }
  const [expected, isGood] = check;
  if (!isGood(value))
    throw new TypeError(`${where}: ${name} must be ${expected}, got ${describeValue(value)}`);
  if (name === "policies") checkPolicies(where, value as object);
}

function checkPolicies(where: string, policies: object): void {
  for (const [name, policy] of Object.entries(policies) as [string, unknown][]) {
    if (!isObject(policy))
      throw new TypeError(
        `${where}: policies.${name} must be an object with onRequest, onResponse or onEnd, got ${describeValue(policy)}`,
      );
    for (const hook of ["onRequest", "onResponse", "onEnd"] as const) {
      const given = (policy as Record<string, unknown>)[hook];
      if (given !== undefined && !isFunction(given))
        throw new TypeError(
          `${where}: policies.${name}.${hook} must be a function, got ${describeValue(given)}`,
        );
    }
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function has(...methods: readonly string[]): (value: unknown) => boolean {
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    methods.every((method) => isFunction((value as Record<string, unknown>)[method]));
}
