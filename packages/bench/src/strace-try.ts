import path from "node:path";
import { spawn } from "node:child_process";
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
  const load = { script, connections: 64, core: loadCore(), durationS: 2 };
  for (const name of process.argv[2]!.split(",")) {
    const p = await startProxy(name, { backend: backend.backend, folder: path.join(folder, `proxy-${name}`) });
    started.push(p);
    await runLoad(p.port, load);
    const st = spawn("strace", ["-c", "-f", "-p", String(p.pid), "-o", `/tmp/st-${name}`]);
    await new Promise((r) => setTimeout(r, 500));
    const { requests } = await runLoad(p.port, load);
    st.kill("SIGINT");
    await new Promise((r) => st.once("exit", r));
    console.log(name, requests);
  }
});
