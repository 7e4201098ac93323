import { constants } from "node:http2";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { BehaviourName } from "../hostile/behaviours.js";
import type { Http2Visit } from "./http2-visit.js";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** What an instance that speaks HTTP/2 does with a request, from the moment that its head has come. */
type Http2Behaviour = (visit: Http2Visit) => void;

// --- what is right ---

const ok: Http2Behaviour = (visit) => visit.whenWhole(() => answer(visit, 200));

function answer(visit: Http2Visit, status: number): void {
  if (visit.respond(status, { "content-length": visit.length })) visit.last(visit.body);
}

/** Without a length. */
const okOpen: Http2Behaviour = (visit) =>
  visit.whenWhole(() => {
    if (!visit.respond(200)) return;
    visit.part(half(visit));
    visit.last(rest(visit));
  });

const okInterim: Http2Behaviour = (visit) => {
  visit.stream.additionalHeaders({ ":status": 103, link: "</a.css>; rel=preload" });
  ok(visit);
};

/** Parts with pauses between them: whole, but late. */
const drip: Http2Behaviour = (visit) =>
  visit.whenWhole(() => {
    if (visit.respond(200, { "content-length": visit.length })) dripFrom(visit, 0);
  });

const dripHead: Http2Behaviour = (visit) =>
  visit.whenWhole(() => later(visit, 10, () => answer(visit, 200)));

function dripFrom(visit: Http2Visit, at: number): void {
  const next = at + Math.ceil(visit.length / 8);
  if (next >= visit.length) return visit.last(visit.body.subarray(at));
  visit.part(visit.body.subarray(at, next));
  later(visit, 2, () => dripFrom(visit, next));
}

function later(visit: Http2Visit, ms: number, then: () => void): void {
  const timer = setTimeout(then, ms);
  visit.stream.once("close", () => clearTimeout(timer));
}

// --- what is answered, but not with what was asked for, or not when ---

const status =
  (code: number): Http2Behaviour =>
  (visit) =>
    visit.whenWhole(() => answer(visit, code));

/** A final answer before the request is over; the rest of it is read. */
const early: Http2Behaviour = (visit) => answer(visit, 200);

/** The same, and nobody listens to the rest. */
const earlyClose: Http2Behaviour = (visit) => {
  answer(visit, 200);
  visit.whenSaid(() => visit.reset(NGHTTP2_NO_ERROR));
};

// --- silence, and ends of streams and connections, at each stage ---

// What is over TLS has no reset of its own.
function breakOff(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

type Ending = (visit: Http2Visit) => void;
const silence: Ending = () => {};
const reset: Ending = (visit) => visit.reset();
const cancel: Ending = (visit) => visit.reset(NGHTTP2_CANCEL);
const refuse: Ending = (visit) => visit.reset(NGHTTP2_REFUSED_STREAM);
const goAway: Ending = (visit) => visit.goAway();
/** All that is under way on the connection ends with it. */
const kill: Ending = ({ socket }) => void setImmediate(() => socket.destroy());
const killHard: Ending = ({ socket }) => void setImmediate(() => breakOff(socket));
const disown: Ending = (visit) => visit.disown();

const atHead =
  (end: Ending): Http2Behaviour =>
  (visit) =>
    end(visit);

const afterRequest =
  (end: Ending): Http2Behaviour =>
  (visit) =>
    visit.whenWhole(() => end(visit));

const inCounted =
  (end: Ending): Http2Behaviour =>
  (visit) =>
    visit.whenWhole(() => {
      if (visit.respond(200, { "content-length": visit.length })) visit.part(half(visit));
      end(visit);
    });

const inOpen =
  (end: Ending): Http2Behaviour =>
  (visit) =>
    visit.whenWhole(() => {
      if (visit.respond(200)) visit.part(half(visit));
      end(visit);
    });

const behind =
  (end: Ending): Http2Behaviour =>
  (visit) =>
    visit.whenWhole(() => {
      answer(visit, 200);
      visit.whenSaid(() => end(visit));
    });

/** Takes its leave in the middle of a body, and sends the rest of it. */
const goAwayInBody: Http2Behaviour = (visit) =>
  visit.whenWhole(() => {
    if (visit.respond(200, { "content-length": visit.length })) visit.part(half(visit));
    goAway(visit);
    later(visit, 1, () => visit.last(rest(visit)));
  });

// --- lies and garbage ---

/** Says another length than it keeps to. */
const liar =
  (more: number): Http2Behaviour =>
  (visit) =>
    visit.whenWhole(() => {
      if (visit.respond(200, { "content-length": visit.length + more })) visit.last(visit.body);
    });

const flood: Http2Behaviour = (visit) => {
  for (let i = 0; i < 60; i++)
    visit.stream.additionalHeaders({ ":status": 103, link: "</a>; rel=preload" });
  ok(visit);
};

/** A frame that is longer than any may be. */
const garbage: Http2Behaviour = ({ socket }) => {
  // Node dies of a write under a session that writes by itself, where TLS is between.
  if (socket instanceof TLSSocket) breakOff(socket);
  else socket.write(Buffer.alloc(64, 0xff));
};

function half(visit: Http2Visit): Buffer {
  return visit.body.subarray(0, visit.length >> 1);
}

function rest(visit: Http2Visit): Buffer {
  return visit.body.subarray(visit.length >> 1);
}

/** The same as over HTTP/1, as far as this protocol has it, by the same names. */
const known: { readonly [name in BehaviourName]?: Http2Behaviour } = {
  ok,
  "ok-chunked": okOpen,
  "ok-close": (visit) => {
    goAway(visit);
    okOpen(visit);
  },
  "ok-interim": okInterim,
  drip,
  "drip-head": dripHead,
  "close-idle": behind(goAway),
  "reset-idle": behind(killHard),
  early,
  "early-close": earlyClose,
  "status-404": status(404),
  "status-502": status(502),
  "status-503": status(503),
  "204-with-body": (visit) => visit.whenWhole(() => void visit.respond(204)),
  hang: afterRequest(silence),
  "hang-in-head": atHead(silence),
  "hang-in-body": inCounted(silence),
  "hang-in-chunked": inOpen(silence),
  reset: atHead(reset),
  "reset-after-request": afterRequest(reset),
  "reset-in-head": atHead(cancel),
  "reset-in-body": inCounted(reset),
  "reset-in-chunked": inOpen(reset),
  "reset-in-delimited": inOpen(cancel),
  close: atHead(kill),
  "close-after-request": afterRequest(killHard),
  "close-in-head": atHead(killHard),
  "close-in-body": inCounted(kill),
  "close-in-chunked": inOpen(kill),
  "length-too-short": liar(-1),
  garbage: afterRequest(garbage),
  "interim-flood": flood,
};

/** What only this protocol has. */
const own = {
  refuse: atHead(refuse),
  disown: atHead(disown),
  "goaway-in-body": goAwayInBody,
  "kill-in-body": inOpen(killHard),
  "length-too-long": liar(1),
  "hang-unread": (visit: Http2Visit) => void visit.stream.pause(),
};

export type Http2OwnName = keyof typeof own;

export const http2OwnNames = Object.keys(own) as readonly Http2OwnName[];

/** Those in which the instance says that it has not looked at the request: it may be sent to another. */
export const unseen: readonly string[] = ["refuse", "disown"] satisfies readonly Http2OwnName[];

/** What goes by a name; what this protocol does not have is a right answer. */
export function http2Behaviour(name: string): Http2Behaviour {
  return (own as Record<string, Http2Behaviour>)[name] ?? known[name as BehaviourName] ?? ok;
}
