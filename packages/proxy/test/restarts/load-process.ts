// Clients in a process of their own: it does what it is told, in turn.
import { Load } from "./load.js";

/** What the process is told. */
export type LoadOrder = { readonly more: number } | "stop";

const [, , url = "", perSecond = "", method = ""] = process.argv;
const load = new Load(url, Number(perSecond), method as "GET" | "POST");

process.on("message", (order: LoadOrder) => {
  if (order === "stop")
    void load.stop().then((report) => process.send?.(report, () => process.disconnect()));
  else void load.more(order.more).then(() => process.send?.("sent"));
});
