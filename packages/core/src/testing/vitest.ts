import type {} from "vitest";
import type { RouteMatchers } from "./matchers.js";

// Types only: `import type {} from "@signalbox/core/testing/vitest"` beside `expect.extend(matchers)`.

declare module "vitest" {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- it extends what vitest declares
  interface Matchers<
    R extends void | Promise<void> = void | Promise<void>,
    // eslint-disable-next-line @typescript-eslint/no-unused-vars -- vitest has it, and both must have the same
    T = unknown,
  > extends RouteMatchers<R> {}
}
