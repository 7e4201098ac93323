import { Memoirist } from "memoirist";
import type { DecideSubject } from "./subject.ts";

/** Bare memoirist, asked with the path alone: it knows no query. */
export const memoirist: DecideSubject = {
  name: "memoirist-path",
  does: "find(path)",
  compile(routes) {
    const router = new Memoirist<string>();
    for (const { id, pattern } of routes) router.add("GET", pattern, id);
    return ({ path }) => router.find("GET", path)?.store;
  },
};
