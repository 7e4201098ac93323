import { createGateway, type ConfigInput, type Gateway } from "@signalbox/core";
import { listed } from "@signalbox/core/testing";
import type { AskInstance, ProbeTarget } from "../src/probe-attempt.js";
import { Probes } from "../src/probes.js";

/** A probe that was asked for. */
interface Asked {
  readonly at: number;
  readonly authority: string;
  readonly target: ProbeTarget;
  readonly end: (passed: boolean) => void;
  isCancelled: boolean;
}

/** Lets what was put off until the end of the turn happen. */
export const turn = () => Promise.resolve();
export const urls = (count: number) => Array.from({ length: count }, (_, i) => `http://i${i}`);
export const configOf = (
  instances: readonly string[],
  probe?: object,
  service: object = {},
): ConfigInput => ({
  services: { s: { instances, ...(probe === undefined ? {} : { probe }), ...service } },
  routes: [
    { id: "one", match: { path: "/one" }, to: "s" },
    { id: "two", match: { path: "/two" }, to: "s" },
  ],
});
export const EXACT = { intervalMs: 1_000, jitter: 0 };

/** A gateway whose probes are noted and not sent, with the draws of its probers. */
export function probed(config: ConfigInput, draws: readonly number[] = [0]) {
  const asked: Asked[] = [];
  const startedAt = performance.now();
  const ask: AskInstance = (target, done) => {
    const one: Asked = {
      at: performance.now() - startedAt,
      authority: target.connector.authority,
      target,
      end: (passed) => one.isCancelled || done(passed),
      isCancelled: false,
    };
    asked.push(one);
    return () => (one.isCancelled = true);
  };
  const gateway: Gateway = createGateway(config);
  const probes = new Probes(gateway, { random: listed(...draws), ask });
  const times = () => asked.map(({ at }) => Math.round(at));
  const last = () => asked.at(-1) as Asked;
  return { gateway, probes, asked, times, last, control: gateway.service("s") };
}
