import type { RouteMatchers } from "./matchers.js";

// Types only: `import type {} from "@signalbox/core/testing/jest"` beside `expect.extend(matchers)`. For the global
// `expect` of @types/jest.

declare global {
  namespace jest {
    interface Matchers<R, T = {}> extends RouteMatchers<R> {}
  }
}
