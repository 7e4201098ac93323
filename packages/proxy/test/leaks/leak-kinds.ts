import { http2Kinds } from "./http2-kinds.js";
import {
  bad,
  chunked,
  cut,
  brief,
  large,
  late,
  left,
  leftIn,
  long,
  slow,
  upload,
  whole,
  type LeakKind,
} from "./leak-kind.js";
import { otherKinds } from "./other-kinds.js";

const switched = { route: "plain", client: { isUpgrade: true }, status: 101 } as const;

/** A line more is a kind more. */
export const leakKinds: readonly LeakKind[] = [
  { name: "normal, counted", route: "plain", behaviour: "ok", ...whole },
  { name: "normal, chunked", route: "plain", behaviour: "ok-chunked", ...whole },
  { name: "normal, until the connection closes", route: "plain", behaviour: "ok-close", ...whole },
  { name: "upload", route: "plain", behaviour: "ok", client: chunked, ...whole },
  { name: "HEAD", route: "plain", behaviour: "ok", client: { method: "HEAD" }, ...whole, ...brief },

  {
    name: "on a connection of its own",
    route: "plain",
    behaviour: "ok",
    client: { lines: ["te: trailers", "connection: te"] },
    ...whole,
    ...brief,
  },
  {
    name: "body above its limit",
    route: "small",
    behaviour: "ok",
    client: upload,
    ...large,
    ...brief,
  },
  {
    name: "client leaves in its head",
    route: "plain",
    behaviour: "ok",
    client: { leave: "in-head" },
    ...left,
  },
  {
    name: "client leaves while connecting",
    route: "narrow-hole",
    behaviour: "ok",
    client: { leave: "after-head" },
    ...left,
  },
  {
    name: "client leaves in the queue",
    route: "narrow",
    behaviour: "hang",
    client: { leave: "after-head" },
    ...left,
  },
  {
    name: "client leaves in a pause",
    route: "paused",
    behaviour: "status-503",
    client: { leave: "waiting" },
    ...left,
  },
  {
    name: "client leaves in a policy",
    route: "policy-waits",
    behaviour: "ok",
    client: { leave: "after-head" },
    ...left,
  },
  {
    name: "client leaves at the answer",
    route: "plain",
    behaviour: "hang-in-body",
    client: { leave: "at-answer" },
    ...leftIn,
  },
  {
    name: "client leaves before its body",
    route: "plain",
    behaviour: "ok",
    client: { ...upload, leave: "after-head" },
    ...left,
  },
  {
    name: "client leaves in its body",
    route: "plain",
    behaviour: "ok",
    client: { ...chunked, leave: "in-upload" },
    ...left,
  },
  {
    name: "client leaves before the answer",
    route: "plain",
    behaviour: "hang",
    client: { leave: "waiting" },
    ...left,
  },
  {
    name: "client leaves in the answer",
    route: "plain",
    behaviour: "hang-in-body",
    client: { leave: "in-answer" },
    ...leftIn,
  },

  { name: "instance refuses connections", route: "refused", behaviour: "ok", ...bad },
  { name: "instance resets connections", route: "reset-on-accept", behaviour: "ok", ...bad },
  { name: "instance closes connections", route: "close-on-accept", behaviour: "ok", ...bad },
  { name: "instance resets at a head", route: "plain", behaviour: "reset", ...bad },
  { name: "instance resets in its head", route: "plain", behaviour: "reset-in-head", ...bad },
  { name: "instance closes in its head", route: "plain", behaviour: "close-in-head", ...bad },
  { name: "instance resets in its body", route: "plain", behaviour: "reset-in-body", ...cut },
  { name: "instance closes in its chunks", route: "plain", behaviour: "close-in-chunked", ...cut },
  { name: "instance sends garbage", route: "plain", behaviour: "garbage", ...bad },

  { name: "time to connect", route: "hole-connect", behaviour: "ok", ...late, ...slow },
  { name: "attempt, connecting", route: "hole-attempt", behaviour: "ok", ...late },
  { name: "attempt, before the head", route: "attempt", behaviour: "hang", ...late },
  {
    name: "attempt, in the body",
    route: "attempt-long",
    behaviour: "hang-in-body",
    ...cut,
    ...long,
  },
  { name: "head", route: "head", behaviour: "hang", ...late },
  { name: "request, before the head", route: "request", behaviour: "hang", ...late },
  {
    name: "request, in the body",
    route: "request-long",
    behaviour: "hang-in-body",
    ...cut,
    ...long,
  },
  { name: "idle, before the head", route: "idle", behaviour: "hang", ...late, ...long },
  { name: "idle, in the body", route: "idle", behaviour: "hang-in-chunked", ...cut, ...long },

  { name: "upgrade, closed by the client", behaviour: "upgrade", ...switched, verdict: "whole" },
  {
    name: "upgrade, reset by the instance",
    behaviour: "upgrade-reset",
    ...switched,
    ...cutUpgrade(),
  },
  {
    name: "upgrade, not answered in time",
    route: "attempt",
    behaviour: "hang",
    client: { isUpgrade: true },
    ...late,
  },
  {
    name: "upgrade, refused",
    route: "plain",
    behaviour: "status-404",
    client: { isUpgrade: true },
    verdict: "whole",
    status: 404,
  },

  { name: "retry of a status", route: "retry", behaviour: "status-503", ...whole },
  { name: "retry of a reset", route: "retry", behaviour: "reset", ...whole },
  { name: "retry of a refused connection", route: "retry-refused", behaviour: "ok", ...whole },

  { name: "hedge, the second is first", route: "hedge-second", behaviour: "hang", ...whole },
  {
    name: "hedge, the second never connects",
    route: "hedge-first",
    behaviour: "drip-head",
    ...whole,
  },
  {
    name: "policies that make both bodies",
    route: "policy",
    behaviour: "ok",
    client: chunked,
    ...whole,
    ...brief,
  },
  { name: "mirror", route: "mirror", behaviour: "ok", ...whole },
  { name: "mirror of an upload", route: "mirror", behaviour: "ok", client: chunked, ...whole },
  { name: "mirror that is reset", route: "mirror-reset", behaviour: "reset", ...whole },
  { name: "mirror that takes too long", route: "mirror-late", behaviour: "hang", ...whole },
  { name: "mirror that is refused", route: "mirror-refused", behaviour: "ok", ...whole },

  ...http2Kinds,
  ...otherKinds,
];

function cutUpgrade() {
  return { verdict: "cut", status: 101 } as const;
}
