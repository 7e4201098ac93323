import { inFlight, type TestProxy } from "./kit.js";
import type { LeavingClient, Upload } from "./leaving-client.js";
import type { Visit } from "./leaving-instance.js";

/** What is known of a request when somebody may leave. */
interface Facts {
  readonly client: LeavingClient;
  readonly visit: Visit | undefined;
  readonly proxy: TestProxy;
}

/** A moment in the life of a request, and what brings it about. */
export interface Moment {
  readonly path: string;
  /** Default: none. */
  readonly upload?: Upload;
  /** Another request has the only place at the instance. */
  readonly isFull?: boolean;
  /** The instance leaves by itself, with the first bytes that it gets. */
  readonly isAtOnce?: boolean;
  /** Whether it has come. */
  readonly hasCome: (facts: Facts) => boolean;
}

const hasPart = ({ client }: Facts): boolean => client.sight.body === "part";
const hasUploadPart = ({ visit }: Facts): boolean => visit?.body === "part";
const isAsked = ({ visit }: Facts): boolean => visit?.isWhole === true;
const waits = ({ proxy }: Facts): boolean => inFlight(proxy.gateway) === 2;
const hasBothParts = (facts: Facts): boolean => hasPart(facts) && hasUploadPart(facts);
const isAnswered = ({ client, proxy }: Facts): boolean =>
  client.sight.end === "whole" && proxy.ends.length === 1;

export const moments = {
  "with the first bytes that it gets": { path: "/wait", isAtOnce: true, hasCome: () => true },
  "while the request waits for a place": { path: "/wait", isFull: true, hasCome: waits },
  "in a chunked upload": { path: "/wait", upload: "a part", hasCome: hasUploadPart },
  "in a counted upload": {
    path: "/wait",
    upload: "a part of a counted one",
    hasCome: hasUploadPart,
  },
  "after an upload": { path: "/wait", upload: "all", hasCome: isAsked },
  "before an answer": { path: "/wait", hasCome: isAsked },
  "in an early answer": { path: "/chunked", upload: "a part", hasCome: hasBothParts },
  "in a counted answer": { path: "/counted", hasCome: hasPart },
  "in a chunked answer": { path: "/chunked", hasCome: hasPart },
  "in an unsized answer": { path: "/until-close", hasCome: hasPart },
  "after an answer": { path: "/all", hasCome: isAnswered },
} as const satisfies { readonly [when: string]: Moment };

export type When = keyof typeof moments;
