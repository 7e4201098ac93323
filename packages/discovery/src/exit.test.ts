import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { DnsServer, srv } from "../test/dns-server.js";

const script = fileURLToPath(new URL("../test/exit-script.ts", import.meta.url));
const hooks = new URL("../test/typescript.mjs", import.meta.url).href;

it.each(["close", "leave"])("a process ends with what it does: %s", async (how) => {
  const directory = await mkdtemp(path.join(tmpdir(), "signalbox-"));
  const file = path.join(directory, "products.json");
  await writeFile(file, '["http://a"]');
  const server = await DnsServer.start();
  const name = "_http._tcp.products.test";
  server.zone.set(`SRV ${name}`, [srv(name, 30, [0, 1, 80, "a.test"])]);
  server.zone.set("SRV silent.test", "silence");
  server.zone.set("A silent.test", "silence");
  server.zone.set("SRV named.test", [srv("named.test", 30, [0, 1, 80, "silent.test"])]);
  const address = { type: "A", name: "products.test", ttl: 30, data: "10.0.0.1" } as const;
  server.zone.set("A products.test", [address]);
  const words = ["--import", hooks, script, file, server.address, how];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  expect(stdout).toBe("done\n");
  await server.close();
  await rm(directory, { recursive: true });
});
