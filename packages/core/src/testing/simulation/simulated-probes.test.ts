import { describe, expect, it } from "vitest";
import { A, B, EVERY_100_MS, noting, runSmall, smallConfig } from "./small-scenario.js";

describe("probes", () => {
  const probed = smallConfig({ probe: { intervalMs: 1_000, timeoutMs: 200, jitter: 0 } });

  it("take an instance out that is down, stalled or failing, and take it back", () => {
    for (const kind of ["down", "stalled", "failing"] as const) {
      const { action, told } = noting();
      const { instances } = runSmall({
        config: probed,
        traffic: { ...EVERY_100_MS, patienceMs: 100 },
        faults: [{ instance: A, kind, fromMs: 1_500, toMs: 6_500 }],
        actions: [action],
        durationMs: 20_000,
      });
      expect(told).toEqual([
        "passing http://a",
        "passing http://b",
        "failing http://a",
        "passing http://a",
      ]);
      // Out from the third failure at 4 s to the second pass at 8 s.
      expect(instances[A]?.requests).toBeGreaterThanOrEqual(78);
      expect(instances[A]?.requests).toBeLessThanOrEqual(82);
    }
  });

  it("ask one that joins at once, and one that has left no more", () => {
    const { action, told } = noting();
    const asked: string[] = [];
    runSmall({
      config: probed,
      faults: [{ instance: B, kind: "failing", fromMs: 3_500 }],
      actions: [
        action,
        { atMs: 3_000, run: (gateway) => void gateway.service("s").remove(B) },
        { atMs: 5_500, run: (gateway) => void gateway.service("s").add("http://c") },
        {
          atMs: 5_502,
          run: (gateway) =>
            void asked.push(
              ...gateway
                .service("s")
                .instances()
                .map(({ id, health }) => `${id} ${health}`),
            ),
        },
      ],
    });
    expect(told).toEqual([
      "passing http://a",
      "passing http://b",
      "left http://b",
      "drained http://b",
      "joined http://c",
      "passing http://c",
    ]);
    expect(asked).toEqual(["http://a eligible", "http://c eligible"]);
  });

  it("ask one that has left and come back from the beginning", () => {
    const { action, told } = noting();
    runSmall({
      config: probed,
      actions: [
        action,
        { atMs: 3_100, run: (gateway) => void gateway.service("s").remove(B) },
        { atMs: 3_200, run: (gateway) => void gateway.service("s").add(B) },
      ],
      durationMs: 3_300,
    });
    expect(told.slice(2)).toEqual([
      "left http://b",
      "drained http://b",
      "joined http://b",
      "passing http://b",
    ]);
  });

  it("begin and end with an update", () => {
    const { action, told } = noting();
    runSmall({
      actions: [
        action,
        { atMs: 1_000, run: (gateway) => gateway.update(probed) },
        { atMs: 8_000, run: (gateway) => gateway.update(smallConfig()) },
      ],
      faults: [
        { instance: A, kind: "failing", fromMs: 2_000, toMs: 7_999 },
        { instance: B, kind: "failing", fromMs: 8_000 },
      ],
      durationMs: 20_000,
    });
    expect(told.filter((text) => text.startsWith("failing"))).toEqual(["failing http://a"]);
  });

  it("end with the service", () => {
    const { events } = runSmall({
      config: probed,
      actions: [
        {
          atMs: 5_000,
          run: (gateway) => gateway.update({ routes: [{ respond: { status: 200 } }] }),
        },
      ],
      faults: [{ instance: A, kind: "stalled", fromMs: 4_999 }],
    });
    expect(events).toEqual({ passing: 2, left: 2, drained: 2 });
  });
});
