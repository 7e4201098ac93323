import { expect, it } from "vitest";
import { oneService } from "./rig.js";
import { exchange, get, OK, securityRig, statusesIn } from "./security-kit.js";

const { wire, gatewayTo } = securityRig();

it("a 100 that nobody asked for is survived behind another interim answer too", async () => {
  const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n";
  const instance = await wire(`${hint}HTTP/1.1 100 Continue\r\n\r\n${OK}`);
  const { port } = await gatewayTo(oneService([instance.url]));
  const received = await exchange(port, get("/x", "Host: a", "Connection: close"));
  expect(statusesIn(received).at(-1)).toBe(200);
});
