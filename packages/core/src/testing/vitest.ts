import type {} from "vitest";
import type { RouteMatchers } from "./matchers.js";

// Types only: `import type {} from "@signalbox/core/testing/vitest"` beside `expect.extend(matchers)`.

declare module "vitest" {
  interface Matchers<
    R extends void | Promise<void> = void | Promise<void>,
    T = unknown,
  > extends RouteMatchers<R> {}
}
