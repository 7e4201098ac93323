import type {} from "@jest/expect";
import type { RouteMatchers } from "./matchers.js";

// Types only, for the `expect` of @jest/globals: `import type {} from "@signalbox/core/testing/jest-globals"` beside
// `expect.extend(matchers)`.

declare module "@jest/expect" {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type -- jest has it, and both must have the same
  interface Matchers<R extends void | Promise<void>, T = unknown> extends RouteMatchers<R> {}
}
