import path from "node:path";
import { startBackend } from "./backend.ts";
import { allTraffic } from "./proxy-traffic.ts";
import { loadCore, startProxy } from "./running-proxy.ts";
import { inWorkFolder } from "./work-folder.ts";
import { runLoad, writeLoadScript } from "./wrk.ts";
await inWorkFolder(async (folder, started) => {
  const backend = await startBackend(folder, loadCore());
  started.push(backend.nginx);
  const traffic = allTraffic(backend)[0]!;
  const script = path.join(folder, "s.lua");
  await writeLoadScript(script, traffic.targets);
  const load = { script, connections: 64, core: loadCore(), durationS: 5 };
  const name = process.argv[2]!;
  const p = await startProxy(name, { backend: backend.backend, folder: path.join(folder, `proxy-${name}`), nodeFlags: process.argv.slice(3) });
  started.push(p);
  for (let i = 0; i < 3; i++) { const { requests } = await runLoad(p.port, load); console.log("ROUND", i, requests); }
});
