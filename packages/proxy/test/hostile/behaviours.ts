import { createHash } from "node:crypto";
import { valuesOf } from "./message-reader.js";
import type { Visit } from "./visit.js";

/** What an instance does with a request, from the moment that its head has come. */
export type Behaviour = (visit: Visit) => void;

// --- what is right ---

function ok(visit: Visit): void {
  visit.whenWhole(() => answer(visit, 200));
}

function answer(visit: Visit, status: number): void {
  const body = visit.method === "HEAD" ? "" : visit.body;
  visit.write(visit.headOf(status, `content-length: ${visit.length}`), body);
}

function okChunked(visit: Visit): void {
  visit.whenWhole(() => {
    visit.write(visit.headOf(200, "transfer-encoding: chunked"));
    if (visit.method !== "HEAD") visit.write(...chunksOf(visit.body, 3), "0\r\n\r\n");
  });
}

function okClose(visit: Visit): void {
  visit.whenWhole(() => {
    visit.write(visit.headOf(200, "connection: close"), bodyUnlessHead(visit));
    visit.socket.end();
  });
}

function okInterim(visit: Visit): void {
  visit.write("HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n");
  visit.whenWhole(() => answer(visit, 200));
}

/** Parts with pauses between them: whole, but late. */
function drip(visit: Visit): void {
  visit.whenWhole(() => {
    visit.write(visit.headOf(200, `content-length: ${visit.length}`));
    if (visit.method !== "HEAD") dripFrom(visit, visit.body, Math.ceil(visit.length / 8));
  });
}

function dripHead(visit: Visit): void {
  visit.whenWhole(() => {
    const body = visit.method === "HEAD" ? Buffer.alloc(0) : visit.body;
    const head = Buffer.from(visit.headOf(200, `content-length: ${visit.length}`));
    dripFrom(visit, Buffer.concat([head, body]), Math.ceil((head.length + body.length) / 8));
  });
}

function dripFrom(visit: Visit, bytes: Buffer, size: number): void {
  if (bytes.length === 0 || !visit.socket.writable) return;
  visit.write(bytes.subarray(0, size));
  const timer = setTimeout(() => {
    visit.socket.off("close", stop);
    dripFrom(visit, bytes.subarray(size), size);
  }, 2);
  const stop = (): void => clearTimeout(timer);
  visit.socket.once("close", stop);
}

// --- what is answered, but not with what was asked for ---

const status =
  (code: number): Behaviour =>
  (visit) =>
    visit.whenWhole(() => answer(visit, code));

function noContent(visit: Visit): void {
  visit.whenWhole(() => visit.write(visit.headOf(204), visit.body));
}

/** A final answer before the request is over; the rest of it is read. */
function early(visit: Visit): void {
  answer(visit, 200);
}

/** A final answer before the request is over, and the connection closed behind it. */
function earlyClose(visit: Visit): void {
  visit.write(visit.headOf(200, `content-length: ${visit.length}`, "connection: close"));
  visit.write(bodyUnlessHead(visit));
  visit.socket.end();
}

function closeIdle(visit: Visit): void {
  visit.whenWhole(() => {
    answer(visit, 200);
    visit.socket.end();
  });
}

function resetIdle(visit: Visit): void {
  visit.whenWhole(() => {
    answer(visit, 200);
    setImmediate(() => visit.socket.resetAndDestroy());
  });
}

// --- silence, closing and resetting, at each stage ---

type Ending = (visit: Visit) => void;
const reset: Ending = ({ socket }) => void setImmediate(() => socket.resetAndDestroy());
const close: Ending = ({ socket }) => void socket.end();
const silence: Ending = () => {};

const atHead =
  (end: Ending): Behaviour =>
  (visit) =>
    end(visit);

const afterRequest =
  (end: Ending): Behaviour =>
  (visit) =>
    visit.whenWhole(() => end(visit));

const inHead =
  (end: Ending): Behaviour =>
  (visit) =>
    visit.whenWhole(() => {
      visit.write(visit.headOf(200, `content-length: ${visit.length}`).slice(0, 30));
      end(visit);
    });

const inCounted =
  (end: Ending): Behaviour =>
  (visit) =>
    visit.whenWhole(() => {
      visit.write(visit.headOf(200, `content-length: ${visit.length}`), half(visit));
      end(visit);
    });

const inChunked =
  (end: Ending): Behaviour =>
  (visit) =>
    visit.whenWhole(() => {
      const head = visit.headOf(200, "transfer-encoding: chunked");
      visit.write(head, ...chunksOf(half(visit), 2));
      end(visit);
    });

const inDelimited =
  (end: Ending): Behaviour =>
  (visit) =>
    visit.whenWhole(() => {
      visit.write(visit.headOf(200, "connection: close"), half(visit));
      end(visit);
    });

// --- lies and garbage ---

const raw =
  (bytes: (visit: Visit) => readonly (string | Buffer)[]): Behaviour =>
  (visit) =>
    visit.whenWhole(() => visit.write(...bytes(visit)));

const poison = "HTTP/1.1 200 Poison\r\nx-id: poison\r\ncontent-length: 6\r\n\r\npoison";

function secondLater(visit: Visit): void {
  visit.whenWhole(() => {
    answer(visit, 200);
    setImmediate(() => visit.write(poison));
  });
}

// --- upgrades ---

function upgrade(visit: Visit): void {
  const key = valuesOf(visit.head, "sec-websocket-key")[0] ?? "";
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  visit.write(
    visit.headOf(
      101,
      "upgrade: websocket",
      "connection: Upgrade",
      `sec-websocket-accept: ${accept}`,
    ),
  );
}

function upgradeReset(visit: Visit): void {
  upgrade(visit);
  visit.socket.write(half(visit));
  reset(visit);
}

function half(visit: Visit): Buffer {
  return visit.body.subarray(0, visit.length >> 1);
}

function bodyUnlessHead(visit: Visit): string | Buffer {
  return visit.method === "HEAD" ? "" : visit.body;
}

function chunksOf(body: Buffer, count: number): (string | Buffer)[] {
  const size = Math.max(1, Math.ceil(body.length / count));
  const parts: (string | Buffer)[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    parts.push(`${part.length.toString(16)}\r\n`, part, "\r\n");
  }
  return parts;
}

const counted = (visit: Visit): string => visit.headOf(200, `content-length: ${visit.length}`);

/** Everything that an instance may do, by name. */
export const behaviours = {
  ok,
  "ok-chunked": okChunked,
  "ok-close": okClose,
  "ok-interim": okInterim,
  drip,
  "drip-head": dripHead,
  "close-idle": closeIdle,
  "reset-idle": resetIdle,
  early,
  "early-close": earlyClose,
  "status-404": status(404),
  "status-502": status(502),
  "status-503": status(503),
  "204-with-body": noContent,
  hang: afterRequest(silence),
  "hang-in-head": inHead(silence),
  "hang-in-body": inCounted(silence),
  "hang-in-chunked": inChunked(silence),
  reset: atHead(reset),
  "reset-after-request": afterRequest(reset),
  "reset-in-head": inHead(reset),
  "reset-in-body": inCounted(reset),
  "reset-in-chunked": inChunked(reset),
  "reset-in-delimited": inDelimited(reset),
  close: atHead(close),
  "close-after-request": afterRequest(close),
  "close-in-head": inHead(close),
  "close-in-body": inCounted(close),
  "close-in-chunked": inChunked(close),
  "length-too-short": raw((visit) => [counted(visit), visit.body, "surplus"]),
  "head-with-body": raw((visit) => [counted(visit), visit.body]),
  garbage: raw(() => ["\x00\x01\xfe no protocol of this world\r\n\r\n"]),
  "bad-status": raw(() => ["HTTP/1.1 abc Because\r\n\r\n"]),
  "bad-length": raw((visit) => [visit.headOf(200, "content-length: 5x"), visit.body]),
  "bad-header": raw((visit) => [visit.headOf(200, "x-nul: a\x00b", "content-length: 0")]),
  "bad-chunk": raw((visit) => [
    visit.headOf(200, "transfer-encoding: chunked"),
    ...chunksOf(half(visit), 1),
    "5z\r\nhello\r\n0\r\n\r\n",
  ]),
  "two-lengths": raw((visit) => [
    visit.headOf(200, `content-length: ${visit.length}`, "content-length: 1"),
    visit.body,
  ]),
  "huge-header": raw((visit) => [visit.headOf(200, `x-huge: ${"h".repeat(1_000_000)}`)]),
  "second-response": raw((visit) => [counted(visit), bodyUnlessHead(visit), poison]),
  "second-later": secondLater,
  "interim-flood": raw((visit) => [
    "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n".repeat(60),
    counted(visit),
    bodyUnlessHead(visit),
  ]),
  "101-unasked": raw((visit) => [
    visit.headOf(101, "upgrade: websocket", "connection: Upgrade"),
    poison,
  ]),
  upgrade,
  "upgrade-reset": upgradeReset,
} satisfies Readonly<Record<string, Behaviour>>;

export type BehaviourName = keyof typeof behaviours;

/** Those of which the client gets the whole body that it asked for. */
export const goodNames: readonly BehaviourName[] = [
  "ok",
  "ok-chunked",
  "ok-close",
  "ok-interim",
  "drip",
  "drip-head",
];

export const behaviourNames = Object.keys(behaviours) as readonly BehaviourName[];
