import type { RouteMatchers } from "./matchers.js";

// Types only: `import type {} from "@signalbox/core/testing/jest"` beside `expect.extend(matchers)`. For the global
// `expect` of @types/jest.

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the types of jest are one
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type -- jest has it, and both must have the same
    interface Matchers<R, T = {}> extends RouteMatchers<R> {}
  }
}
