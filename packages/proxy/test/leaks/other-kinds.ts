import { askUntilSecond } from "./asks.js";
import { endOneSide, holdTunnel } from "./half-open.js";
import { bad, brief, chunked, cut, large, left, long, whole, type LeakKind } from "./leak-kind.js";
import { leaveBefore } from "./late-door.js";
import { stopReading, stopSending } from "./stalled-client.js";

const many = { parallel: 2_000 } as const;
const crowd = { parallel: 1_000 } as const;

/** TLS to instances, sides that stop without leaving, and what stands beside others. */
export const otherKinds: readonly LeakKind[] = [
  { name: "TLS to the instance", route: "tls", behaviour: "ok", ...whole, ...brief },
  { name: "TLS to the instance fails", route: "tls-failing", behaviour: "ok", ...bad, ...brief },
  {
    name: "body found above its limit",
    route: "small",
    behaviour: "ok",
    client: chunked,
    ...large,
    ...brief,
  },
  {
    name: "client stops sending",
    route: "idle",
    behaviour: "ok",
    ask: stopSending,
    verdict: "ours",
    status: 408,
    ...crowd,
  },
  {
    name: "client stops reading",
    route: "idle",
    behaviour: "ok",
    client: { length: 300_000 },
    ask: stopReading,
    ...long,
    ...cut,
  },
  {
    name: "upgrade, one too many",
    route: "one-tunnel",
    behaviour: "upgrade",
    client: { isUpgrade: true },
    beside: holdTunnel,
    verdict: "ours",
    status: 503,
  },
  {
    name: "upgrade, ended by one side alone",
    route: "tunnels",
    behaviour: "upgrade",
    ask: endOneSide,
    verdict: "cut",
    status: 101,
    ...many,
  },
  {
    name: "client leaves before the gateway has it",
    route: "plain",
    behaviour: "ok",
    ask: leaveBefore,
    ...left,
    ...brief,
  },
  {
    name: "client leaves two attempts",
    route: "hedge-both",
    behaviour: "hang",
    client: { leave: "waiting" },
    ask: askUntilSecond,
    ...left,
  },
];
