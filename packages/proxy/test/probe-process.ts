// A process with probes and nothing else to do. It says when the first instance is well.
import { createGateway } from "@signalbox/core";
import { createProxy } from "../src/index.js";

const probe = { intervalMs: 600_000, timeoutMs: 600_000 };
const gateway = createGateway({
  services: {
    s: { instances: process.argv.slice(2), probe, connect: { timeoutMs: 600_000 } },
  },
  routes: [{ to: "s" }],
});
gateway.onChange(({ kind }) => void (kind === "passing" && process.send?.("passing")));
createProxy(gateway);
// Listening is what keeps the process alive until it is let go.
process.on("message", () => {});
