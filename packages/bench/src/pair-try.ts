import path from "node:path";
import { startBackend } from "./backend.ts";
import { cpuSpent, cpuTimes } from "./cpu.ts";
import { allTraffic, verifyTraffic } from "./proxy-traffic.ts";
import { loadCore, startProxy } from "./running-proxy.ts";
import { median } from "./stats.ts";
import { inWorkFolder } from "./work-folder.ts";
import { runLoad, writeLoadScript } from "./wrk.ts";
const [subjectsText = "", roundsText = "10", trafficName = "small"] = process.argv.slice(2);
await inWorkFolder(async (folder, started) => {
  const backend = await startBackend(folder, loadCore());
  started.push(backend.nginx);
  const start = async (name: string, i: number) => {
    const p = await startProxy(name, { backend: backend.backend, folder: path.join(folder, `proxy-${name}-${i}`) });
    started.push(p);
    return p;
  };
  const base = await start("undici", 0);
  const traffic = allTraffic(backend).find(({ name }) => name === trafficName)!;
  const script = path.join(folder, "s.lua");
  await writeLoadScript(script, traffic.targets, traffic.content?.file);
  const load = { script, connections: Number(process.env.C ?? 32), core: loadCore(), durationS: 1 };
  const subjects = [];
  for (const n of subjectsText.split(",")) subjects.push({ p: await start(n, 1), ratios: [] as number[], own: [] as number[], base: [] as number[] });
  await verifyTraffic([base, ...subjects.map(({ p }) => p)], backend, traffic);
  for (const { p } of subjects) await runLoad(p.port, { ...load, durationS: 2 });
  await runLoad(base.port, { ...load, durationS: 2 });
  for (let r = 0; r < Number(roundsText); r++)
    for (const s of subjects) {
      const b0 = cpuTimes(base.pid), s0 = cpuTimes(s.p.pid);
      const [lb, ls] = await Promise.all([runLoad(base.port, load), runLoad(s.p.port, load)]);
      await new Promise((r) => setTimeout(r, 50));
      const b = cpuSpent(b0, cpuTimes(base.pid)) / 1e3 / lb.requests;
      const o = cpuSpent(s0, cpuTimes(s.p.pid)) / 1e3 / ls.requests;
      s.ratios.push(o / b); s.own.push(o); s.base.push(b);
    }
  for (const s of subjects) {
    const q = [...s.ratios].sort((a, b) => a - b);
    console.log(s.p.name.padEnd(24), "median", median(q).toFixed(3), "q1", q[q.length >> 2]!.toFixed(3), "q3", q[(q.length * 3) >> 2]!.toFixed(3), "min", q[0]!.toFixed(3), "max", q.at(-1)!.toFixed(3), "own", median(s.own).toFixed(1), "base", median(s.base).toFixed(1));
  }
});
