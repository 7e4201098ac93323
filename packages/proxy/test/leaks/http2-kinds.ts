import { askOverH2, askOverH2c } from "./asks.js";
import { brief, chunked, cut, left, leftIn, whole, type LeakKind } from "./leak-kind.js";

const h2c = { ask: askOverH2c } as const;
const h2 = { ask: askOverH2 } as const;

const kinds: readonly LeakKind[] = [
  { name: "HTTP/2 client, h2c", route: "plain", behaviour: "ok", ...h2c, ...whole },
  { name: "HTTP/2 client, TLS", route: "plain", behaviour: "ok-chunked", ...h2, ...whole },
  {
    name: "HTTP/2 on both sides",
    route: "h2c",
    behaviour: "ok",
    client: chunked,
    ...h2c,
    ...whole,
  },
  {
    name: "HTTP/2 client resets before its answer",
    route: "h2c",
    behaviour: "hang",
    client: { leave: "waiting" },
    ...h2c,
    ...left,
  },
  {
    name: "HTTP/2 client resets in its answer",
    route: "few",
    behaviour: "hang-in-chunked",
    client: { leave: "in-answer" },
    ...h2c,
    ...leftIn,
  },
  {
    name: "HTTP/2 client resets in its upload",
    route: "h2c",
    behaviour: "ok",
    client: { ...chunked, leave: "in-upload" },
    ...h2c,
    ...left,
  },
  { name: "HTTP/2 instance, h2c", route: "h2c", behaviour: "ok-chunked", ...whole },
  { name: "HTTP/2 instance, ALPN over TLS", route: "alpn", behaviour: "ok", ...whole },
  {
    name: "HTTP/2 instance resets in its body",
    route: "h2c",
    behaviour: "reset-in-chunked",
    ...h2c,
    ...cut,
  },
  {
    name: "HTTP/2 instance goes in its body",
    route: "h2c-alone",
    behaviour: "goaway-in-body",
    ...h2c,
    ...whole,
  },
  {
    name: "HTTP/2 instance is gone in its body",
    route: "h2c-alone",
    behaviour: "kill-in-body",
    ...cut,
  },
];

/** Clients and instances that speak HTTP/2. */
export const http2Kinds: readonly LeakKind[] = kinds.map((kind) => ({ ...brief, ...kind }));
