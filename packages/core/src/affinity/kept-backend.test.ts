import { expect, it } from "vitest";
import type { BackendPlan } from "../config/plan.js";
import { keptBackend } from "./kept-backend.js";

const backend = (version: string, service = "products", changes: Partial<BackendPlan> = {}) =>
  ({ service, version, redirect: undefined, ...changes }) as BackendPlan;

const splitOf = (backends: readonly BackendPlan[], weights: readonly number[]) => ({
  backends,
  weights,
  sticky: undefined,
});
const versions = [backend("v1"), backend("v2")];
const v2 = { service: "products", version: "v2" };

it("is the one of the version of the pinned instance", () => {
  expect(keptBackend(splitOf(versions, [99, 1]), v2)).toBe(1);
  expect(keptBackend(splitOf(versions, [99, 1]), { ...v2, version: "v1" })).toBe(0);
});

it("is none once that version has no weight, or is not part of the split", () => {
  expect(keptBackend(splitOf(versions, [100, 0]), v2)).toBe(-1);
  expect(keptBackend(splitOf(versions, [50, 50]), { ...v2, version: "v3" })).toBe(-1);
});

it("is none for a sticky split, which beats a pin", () => {
  const sticky = { ...splitOf(versions, [50, 50]), sticky: { cookie: "uid" } };
  expect(keptBackend(sticky, v2)).toBe(-1);
});

it("is none of another service", () => {
  const services = [backend("", "orders"), backend("")];
  expect(keptBackend(splitOf(services, [50, 50]), v2)).toBe(1);
  expect(keptBackend(splitOf(services, [50, 0]), v2)).toBe(-1);
});

it("may be one of every version", () => {
  expect(keptBackend(splitOf([backend(""), backend("v2")], [50, 50]), v2)).toBe(0);
});

it("is none that redirects", () => {
  const redirect = {} as NonNullable<BackendPlan["redirect"]>;
  const split = splitOf([backend("v2", "products", { redirect }), backend("v2")], [50, 50]);
  expect(keptBackend(split, v2)).toBe(1);
});
