import { describe, expect, it } from "vitest";
import { PolicyChains } from "./policy-chain.js";

const silent = {};
const watching = { onResponse() {} };
const chains = new PolicyChains({ silent, watching });

describe("PolicyChains", () => {
  it("gives the policies in the order of their names", () => {
    expect(chains.of(["watching", "silent"]).policies).toEqual([watching, silent]);
  });

  it("knows whether a policy looks at responses", () => {
    expect(chains.of(["silent"]).hasResponse).toBe(false);
    expect(chains.of(["silent", "watching"]).hasResponse).toBe(true);
  });

  it("names what stands for no policy, also where an object has such a property by birth", () => {
    expect(chains.of(["silent", "auth"])).toMatchObject({ unknown: "auth", policies: [] });
    expect(chains.of(["constructor"]).unknown).toBe("constructor");
  });

  it("looks a list up once", () => {
    const names = ["silent"];
    expect(chains.of(names)).toBe(chains.of(names));
  });
});
