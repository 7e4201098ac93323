import { readFileSync } from "node:fs";
import path from "node:path";
import { CONFIG_CODES } from "@signalbox/core";
import { expect, it } from "vitest";

const page = readFileSync(path.join(import.meta.dirname, "../docs/errors.md"), "utf8");

it("docs/errors.md explains every code, in their order, and no other", () => {
  const explained = [...page.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code);
  expect(explained).toEqual([...CONFIG_CODES]);
});
