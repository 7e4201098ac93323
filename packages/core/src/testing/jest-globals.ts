import type {} from "@jest/expect";
import type { RouteMatchers } from "./matchers.js";

// Types only, for the `expect` of @jest/globals: `import type {} from "@signalbox/core/testing/jest-globals"` beside
// `expect.extend(matchers)`.

declare module "@jest/expect" {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends RouteMatchers<R> {}
}
