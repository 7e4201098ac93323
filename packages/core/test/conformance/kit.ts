import { describe, expect, it } from "vitest";
import {
  buildClientResponse,
  buildUpstreamRequest,
  checkConfig,
  createGateway,
  type ConfigCode,
  type ConfigInput,
  type Decision,
  type ForwardDecision,
  type GatewayConfig,
  type HeaderRecord,
  type MatchConfig,
  type RequestView,
  type RouteConfig,
} from "../../src/index.js";
import {
  request,
  testEnv,
  type RequestParts,
  type TestEnvOptions,
} from "../../src/testing/index.js";

/** What a case asks: a line such as `GET api.shop.com/users/7`, or a whole view. */
export type Asked = string | RequestView;
export type Draws = NonNullable<TestEnvOptions["draws"]>;

/** The services that cases lead to unless they bring their own. */
export const services = { web: { instances: ["http://web"] } };

/** Plain JSON as a config, as one reads it from a file. */
export const json = (config: unknown): ConfigInput => config as ConfigInput;

/** A request with header fields. */
export const ask = (line: string, headers: HeaderRecord = {}, parts: RequestParts = {}) =>
  request(line, { ...parts, headers });

/** A request with header lines in the flat form of Node: name, value, name, value. */
export const lines = (method: string, url: string, ...rawHeaders: string[]): RequestView => ({
  method,
  url,
  rawHeaders,
});

export function decide(config: ConfigInput, asked: Asked, draws: Draws = {}): Decision {
  return createGateway(config, { env: testEnv({ draws }) }).decide(viewOf(asked));
}

/** The decision for a request that has to be forwarded. */
export function forwarded(config: ConfigInput, asked: Asked, draws: Draws = {}): ForwardDecision {
  const decision = decide(config, asked, draws);
  if (decision.kind !== "forward") throw new Error(`not forwarded: ${JSON.stringify(decision)}`);
  return decision;
}

/** Where a request goes, however its headers are given: a route, `none`, or the status of a refusal. */
export function reached(config: ConfigInput, asked: Asked): string {
  const view = viewOf(asked);
  const gateway = createGateway(config, { env: testEnv() });
  const place = placeOf(gateway.decide(view));
  expect(placeOf(gateway.decide(withRawHeaders(view)))).toBe(place);
  return place;
}

/** The location that a request is sent to. */
export function location(config: ConfigInput, asked: Asked, draws: Draws = {}): string {
  const decision = decide(config, asked, draws);
  if (decision.kind !== "redirect") throw new Error(`no redirect: ${JSON.stringify(decision)}`);
  return decision.location;
}

/** Lines of one name in a flat list of header fields. */
export function linesOf(flat: readonly string[], name: string): string[] {
  return flat.filter((_, i) => i % 2 === 1 && flat[i - 1]?.toLowerCase() === name);
}

/** Members of a header that is a list, over all of its lines. */
export function listOf(flat: readonly string[], name: string): string[] {
  const members = linesOf(flat, name).flatMap((line) => line.split(","));
  return members.map((member) => member.trim()).filter((member) => member !== "");
}

/** The header fields that the instance gets. */
export function sent(config: ConfigInput, asked: Asked, draws: Draws = {}): string[] {
  const view = viewOf(asked);
  return buildUpstreamRequest(view, forwarded(config, view, draws)).headers;
}

/** The header fields that the client gets, when the instance answered 200 with those given. */
export function answered(
  config: ConfigInput,
  asked: Asked,
  upstream: HeaderRecord = {},
  draws: Draws = {},
): string[] {
  const view = viewOf(asked);
  const decision = decide(config, view, draws);
  if (decision.kind === "none") throw new Error("no route holds");
  return buildClientResponse(decision, { status: 200, headers: upstream }, view).headers;
}

/** Cases of one set of conditions: which requests it holds for. */
export function holds(
  subject: string,
  match: MatchConfig | readonly MatchConfig[],
  cases: readonly (readonly [sentence: string, asked: Asked, holds: boolean])[],
  gateway: Partial<GatewayConfig> = {},
): void {
  const config = { services, routes: [{ id: "it", match, to: "web" }], ...gateway };
  describe(subject, () => {
    for (const [sentence, asked, expected] of cases)
      it(sentence, () => expect(reached(config, asked)).toBe(expected ? "it" : "none"));
  });
}

/** Cases of several routes to one service: which of them a request goes to. `none` and statuses are answers too. */
export function leads(
  subject: string,
  routes: readonly RouteConfig[],
  cases: readonly (readonly [sentence: string, asked: Asked, place: string])[],
  gateway: Partial<GatewayConfig> = {},
): void {
  const config = { services, routes: routes.map((route) => ({ to: "web", ...route })), ...gateway };
  describe(subject, () => {
    for (const [sentence, asked, place] of cases)
      it(sentence, () => expect(reached(config, asked)).toBe(place));
  });
}

/** Cases of configurations: the code that each is refused with, or undefined where it is right. */
export function checks(
  subject: string,
  cases: readonly (readonly [sentence: string, config: unknown, code: ConfigCode | undefined])[],
): void {
  describe(subject, () => {
    for (const [sentence, config, code] of cases)
      it(sentence, () => {
        const codes = checkConfig(config).map((problem) => problem.code);
        expect(codes).toEqual(code === undefined ? [] : expect.arrayContaining([code]));
        const build = () => createGateway(json(config));
        if (code === undefined) expect(build).not.toThrow();
        else expect(build).toThrow(code);
      });
  });
}

/** A config of one route to one service. */
export const routeTo = (fields: object): ConfigInput =>
  json({ services, routes: [{ id: "it", to: "web", ...fields }] });

export function viewOf(asked: Asked): RequestView {
  return typeof asked === "string" ? request(asked) : asked;
}

function placeOf(decision: Decision): string {
  if (decision.kind === "none") return "none";
  return decision.kind === "reject" ? String(decision.status) : decision.route;
}

function withRawHeaders({ headers, rawHeaders, ...view }: RequestView): RequestView {
  const fields = Object.entries(headers ?? {}).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((line) => [name, line]),
  );
  return { ...view, rawHeaders: rawHeaders ?? fields };
}
