import type { SampleRoute } from "../../routes.ts";
import type { SampleRequest } from "../../traffic.ts";

/** Something that finds a route for a request. */
export interface DecideSubject {
  readonly name: string;
  /** What it does for each request, in a few words. */
  readonly does: string;
  /** Builds its table; answers the function that is measured, which gives the id of the route that it found. */
  compile(routes: readonly SampleRoute[]): (request: SampleRequest) => string | undefined;
}
