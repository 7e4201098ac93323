import { describe, expect, it } from "vitest";
import { countProbe, isProbedWell, type ProbeState } from "./probe.js";

const rule = { healthyAfter: 2, unhealthyAfter: 3 };
const after = (results: string, status: ProbeState["status"] = "waiting") => {
  const state: ProbeState = { status, contrary: 0 };
  const changes = [...results].map((result) => countProbe(rule, state, result === "+"));
  return { status: state.status, changes: changes.map(Number).join("") };
};

describe("probes", () => {
  it("decide at once by the first result", () => {
    expect(after("+")).toEqual({ status: "passing", changes: "1" });
    expect(after("-")).toEqual({ status: "failing", changes: "1" });
  });

  it("need some in a row to change it later", () => {
    expect(after("+--+---")).toEqual({ status: "failing", changes: "1000001" });
    expect(after("-+-++")).toEqual({ status: "passing", changes: "10001" });
  });

  it("leave traffic to what passes and to what nobody probes", () => {
    const well = (["unprobed", "waiting", "passing", "failing"] as const).map((status) =>
      isProbedWell({ status, contrary: 0 }),
    );
    expect(well).toEqual([true, false, true, false]);
  });
});
