import type { ConfigInput, GatewayConfig } from "./config.js";
import { NOTHING_EARLIER, type Earlier } from "./checked-routes.js";
import { GatewayConfigError, type ConfigProblem } from "./problem.js";
import { Relations } from "./relations.js";
import { checkShape } from "./shape.js";
import { expandRoute } from "./short-form.js";
import { warningsIn } from "./warnings.js";

/**
 * Every problem of a configuration at once, in the order of their places. The same check that `createGateway` and
 * `gateway.update` run, which refuse what is wrong. When nothing is, warnings are told here alone, with
 * `severity: "warning"`.
 *
 * @example
 * checkConfig({ routes: [{ match: { path: "/a" }, to: "ordrs" }], services: { orders: { instances: [] } } })[0]?.message;
 * // 'no service is called "ordrs"; did you mean "orders"?'
 */
export function checkConfig(input: unknown): readonly ConfigProblem[] {
  const problems = problemsIn(input, NOTHING_EARLIER);
  return problems.length > 0 ? problems : inPlace(warningsIn(input));
}

function problemsIn(input: unknown, earlier: Earlier): readonly ConfigProblem[] {
  const shape = checkShape(input, earlier);
  const relations = new Relations(input, earlier).check();
  const seen = new Set(shape.map(({ pointer }) => pointer));
  const all = [
    ...shape,
    ...relations.filter(({ pointer, code }) => code !== "UNKNOWN_SERVICE" || !seen.has(pointer)),
  ];
  return inPlace(all);
}

function inPlace(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return problems
    .map((problem, index) => ({ problem, index }))
    .sort(byPlace)
    .map(({ problem }) => Object.freeze(problem));
}

/** The config in its long form. @throws GatewayConfigError holding every problem */
export function assertConfig(input: ConfigInput, earlier = NOTHING_EARLIER): GatewayConfig {
  const problems = problemsIn(input, earlier);
  if (problems.length > 0) throw new GatewayConfigError(problems);
  return Array.isArray(input)
    ? { routes: (input as readonly Parameters<typeof expandRoute>[0][]).map(expandRoute) }
    : (input as GatewayConfig);
}

function byPlace(
  a: { problem: ConfigProblem; index: number },
  b: { problem: ConfigProblem; index: number },
): number {
  return (
    a.problem.pointer.localeCompare(b.problem.pointer, "en", { numeric: true }) || a.index - b.index
  );
}
