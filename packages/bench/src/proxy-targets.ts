import { ECHO, LARGE_FILE, UPLOAD } from "./backend.ts";
import { QUERY, sampleRoutes, type SampleRoute } from "./routes.ts";

const ROUTES = 200;

/** The routes of the gateway under load. */
export function proxyRoutes(): SampleRoute[] {
  return sampleRoutes(ROUTES, "tenants");
}

/** One target for each route, asked for in turn: uniform traffic. Each is answered with about 100 bytes. */
export function smallTargets(): string[] {
  return proxyRoutes().map((route, index) => route.pathFor(index) + QUERY);
}

/** Targets of 1 MiB below some of those routes that take a rest of any length. Each is answered with as much. */
export function largeTargets(): string[] {
  return targetsOf(LARGE_FILE);
}

/** The same that take a body of 1 MiB, and are answered with about 100 bytes. */
export function uploadTargets(): string[] {
  return targetsOf(UPLOAD);
}

/** The same that take a body, and are answered with it. */
export function echoTargets(): string[] {
  return targetsOf(ECHO);
}

// One in four will do: where 1 MiB is moved, it does not show which route it goes by.
function targetsOf(name: string): string[] {
  return proxyRoutes()
    .filter(({ pattern }) => pattern.endsWith("/*"))
    .filter((_, index) => index % 4 === 0)
    .map(({ pattern }) => pattern.replace("*", name) + QUERY);
}
