import type { Headers } from "./head-record.js";

/** Whether a response is a stream that has no end in view. */
export function isEventStream(headers: Headers): boolean {
  const type = headers["content-type"];
  return typeof type === "string" && type.length > 16 && /^text\/event-stream\b/i.test(type);
}
