import { answerParent } from "./child.ts";
import { decideSubjects } from "./decide-subjects.ts";
import { sampleRoutes, type Shape } from "./routes.ts";
import { sampleRequests, type Distribution, type SampleRequest } from "./traffic.ts";

// One subject at one size in a process of its own: nothing that another has loaded, compiled or left on the heap
// is in its way.

/** What the process is asked. `compile` comes first, once. */
export type DecideQuestion =
  | {
      readonly kind: "compile";
      readonly subject: string;
      readonly routes: number;
      readonly shape: Shape;
    }
  | { readonly kind: "run"; readonly distribution: Distribution; readonly durationMs: number };

/** CPU time of all threads: collecting garbage and compiling are part of what a subject costs. */
export interface DecideAnswer {
  readonly cpuNs: number;
  readonly wallNs: number;
  /** Requests that were decided; 0 for `compile`. */
  readonly count: number;
}

type Find = (request: SampleRequest) => string | undefined;

/** A table that is built, and what it is asked. */
interface Ready {
  readonly find: Find;
  readonly requests: Readonly<Record<Distribution, readonly SampleRequest[]>>;
}

answerParent<DecideQuestion, DecideAnswer>(answerer());

function answerer(): (question: DecideQuestion) => DecideAnswer {
  let ready: Ready | undefined;
  return (question) => {
    if (question.kind === "compile") {
      const { cost, ...built } = compile(question);
      ready = built;
      return cost;
    }
    if (ready === undefined) throw new Error("Asked to run before anything was compiled.");
    return run(ready.find, ready.requests[question.distribution], question.durationMs);
  };
}

function compile(
  question: DecideQuestion & { kind: "compile" },
): Ready & { readonly cost: DecideAnswer } {
  const subject = decideSubjects.find(({ name }) => name === question.subject);
  if (subject === undefined) throw new RangeError(`No subject is called "${question.subject}".`);
  const routes = sampleRoutes(question.routes, question.shape);
  const time = stopwatch();
  const find = subject.compile(routes);
  const cost = time(0);
  // Enough to reach most routes, few enough that the requests themselves stay in the cache.
  const count = Math.min(Math.max(4 * question.routes, 1_024), 16_384);
  const requests = {
    uniform: sampleRequests(routes, "uniform", count),
    zipf: sampleRequests(routes, "zipf", count),
  };
  for (const request of [...requests.uniform, ...requests.zipf]) check(find, request);
  return { find, requests, cost };
}

function check(find: Find, request: SampleRequest): void {
  const found = find(request);
  if (found !== request.route)
    throw new Error(`${request.view.url} found ${found ?? "nothing"} instead of ${request.route}.`);
}

function run(find: Find, list: readonly SampleRequest[], durationMs: number): DecideAnswer {
  // The core has slept and held other things since the last round: what is measured is a gateway at work.
  ask(find, list, durationMs / 3);
  const time = stopwatch();
  return time(ask(find, list, durationMs));
}

function ask(find: Find, list: readonly SampleRequest[], durationMs: number): number {
  const end = performance.now() + durationMs;
  let count = 0;
  let found = 0;
  for (let next = 0; performance.now() < end;) {
    for (let i = 0; i < 1_000; i++) {
      if (find(list[next] as SampleRequest) !== undefined) found++;
      next = next + 1 === list.length ? 0 : next + 1;
    }
    count += 1_000;
  }
  if (found !== count) throw new Error(`${count - found} of ${count} requests found no route.`);
  return count;
}

function stopwatch(): (count: number) => DecideAnswer {
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  return (count) => {
    const { user, system } = process.cpuUsage(cpu);
    return {
      cpuNs: (user + system) * 1_000,
      wallNs: Number(process.hrtime.bigint() - wall),
      count,
    };
  };
}
