import createRouter from "find-my-way";
import type { SampleRequest } from "../../traffic.ts";
import type { DecideSubject } from "./subject.ts";

/** Bare find-my-way, asked with exactly the target that Signalbox gets. It parses the query as well. */
export const findMyWayUrl: DecideSubject = subject(
  "find-my-way",
  "find(url with query)",
  (request) => request.view.url,
);

/** Bare find-my-way, asked with the path alone. */
export const findMyWayPath: DecideSubject = subject(
  "find-my-way-path",
  "find(path)",
  (request) => request.path,
);

function subject(
  name: string,
  does: string,
  targetOf: (request: SampleRequest) => string,
): DecideSubject {
  return {
    name,
    does,
    compile(routes) {
      const router = createRouter();
      for (const { id, pattern } of routes) router.on("GET", pattern, () => {}, id);
      return (request) => router.find("GET", targetOf(request))?.store as string | undefined;
    },
  };
}
