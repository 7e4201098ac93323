import type { Decision } from "../../src/index.js";
import { decide, json, services as base } from "./kit.js";

/** Services with one instance, with none, and with two versions. */
export const services = {
  ...base,
  a: { instances: ["http://a"] },
  b: { instances: ["http://b"] },
  c: { instances: ["http://c"] },
  empty: { instances: [] },
  shop: {
    instances: [
      { url: "http://one", version: "v1" },
      { url: "http://two", version: "v2" },
    ],
  },
};
/** A config of one route that leads there. */
export const leading = (to: unknown, more: object = {}) =>
  json({ services, routes: [{ id: "it", to, ...more }] });

/** Where a hundred points of an even grid go, counted by a name. */
export function shares(
  to: unknown,
  nameOf: (decision: Decision) => string,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < 100; i++) {
    const name = nameOf(decide(leading(to), "GET /", { split: [i / 100] }));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
/** The chosen service, or the status of a refusal. */
export const serviceOf = (decision: Decision) =>
  decision.kind === "forward" ? decision.service : String("status" in decision && decision.status);
/** The chosen version, or the status of a refusal. */
export const versionOf = (decision: Decision) =>
  decision.kind === "forward" ? String(decision.version) : serviceOf(decision);

export type Shares = Readonly<Record<string, number>>;
