import { describe, expect, it } from "vitest";
import { ENCODING, LENGTH, marksOf, TE, TRAILER } from "./request-marks.js";
import type { ServerRequest } from "./view.js";

function marks(...rawHeaders: string[]): number {
  return marksOf({ rawHeaders } as unknown as ServerRequest);
}

describe("marksOf", () => {
  it("finds nothing where nothing is said of a body", () => {
    expect(marks("Host", "a", "Content-Type", "text/plain", "X-Length-Of-It", "5")).toBe(0);
  });

  it("knows a length from none and from that of nothing", () => {
    expect(marks("Content-Length", "5")).toBe(LENGTH);
    expect(marks("Content-Length", "0")).toBe(0);
  });

  it("sums all marks, in whatever case the names are", () => {
    const head = ["te", "trailers", "TRAILER", "x-sum", "transfer-Encoding", "chunked"];
    expect(marks(...head, "CONTENT-length", "1")).toBe(LENGTH | ENCODING | TE | TRAILER);
  });
});
