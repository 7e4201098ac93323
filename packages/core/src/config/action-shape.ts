import { compilePath, isPatternProblem } from "../match/pattern.js";
import { instanceUrl } from "./instance-url.js";
import {
  name,
  headerName,
  headerValue,
  method,
  weight,
  milliseconds,
  ratio,
  whole,
  port,
  hostName,
  authority,
  regex,
  absolutePath,
} from "./leaf-shapes.js";
import { outlined } from "./outline.js";
import {
  choice,
  either,
  flag,
  isObject,
  isText,
  list,
  map,
  nothing,
  oneForm,
  optional,
  record,
  text,
  type Schema,
  judged,
} from "./schema.js";
import * as patterns from "./text-patterns.js";

export const headerChanges = record("header changes", {
  set: optional(map("set", headerName, headerValue)),
  add: optional(map("add", headerName, headerValue)),
  remove: optional(list("remove", headerName)),
});

// A parameter, text that stays one segment when it is canonical, or nothing.
function isTemplateSegment(segment: string): boolean {
  if (segment === "" || segment.startsWith(":")) return true;
  const compiled = compilePath({ exact: `/${segment}` });
  return (
    !isPatternProblem(compiled) &&
    compiled.kind === "tree" &&
    compiled.segments.length === 1 &&
    compiled.segments[0] !== ""
  );
}

const replacement = text(
  "PATH",
  "a replacement",
  "text without control characters",
  patterns.NO_CONTROL,
);
const noPrefix = choice("PATH", "a prefix", [""]);
const prefixReplacement = either(
  (input) => (input === "" ? noPrefix : absolutePath),
  () => [noPrefix, absolutePath],
);
const template = text(
  "PATH",
  "a path template",
  'a path such as "/v2/:id"',
  (value) => value.startsWith("/") && value.split("/").slice(1).every(isTemplateSegment),
  patterns.TEMPLATE,
);
const regexRewrite = record("a path rewrite", { regex, with: replacement });
const chooseRewrite = (input: object): Schema =>
  Object.hasOwn(input, "regex") || Object.hasOwn(input, "with")
    ? regexRewrite
    : choosePlainRewrite(input);
const choosePlainRewrite = oneForm("PATH", "a path rewrite", {
  replace: absolutePath,
  replacePrefix: prefixReplacement,
});
const queryText = text("TYPE", "a query value", "text");
export const rewrite = record("rewrite", {
  host: optional(authority),
  path: optional(
    either(
      (input) => (isObject(input) ? chooseRewrite(input) : template),
      () => [template, ...choosePlainRewrite.forms, regexRewrite],
    ),
  ),
  query: optional(
    record("query changes", {
      set: optional(map("set", name("a query parameter"), queryText)),
      add: optional(map("add", name("a query parameter"), queryText)),
      remove: optional(list("remove", name("a query parameter"))),
    }),
  ),
});

export const redirect = record("redirect", {
  status: optional(choice("STATUS", "a redirect status", [301, 302, 303, 307, 308])),
  scheme: optional(choice("PROTOCOL", "scheme", ["http", "https"])),
  host: optional(hostName),
  port: optional(port),
  path: optional(
    either(
      (input) =>
        isObject(input)
          ? choosePlainRewrite(input)
          : nothing("PATH", "a redirect path", "{ replace } or { replacePrefix }"),
      () => choosePlainRewrite.forms,
    ),
  ),
  query: optional(choice("TYPE", "query", ["keep", "drop"])),
});

export const respond = record("respond", {
  status: whole("STATUS", "status", 200, 599),
  headers: optional(map("headers", headerName, headerValue)),
  body: optional(text("TYPE", "body", "text")),
});

const chooseSticky = oneForm("STICKY", "sticky", {
  cookie: name("a cookie"),
  header: headerName,
  query: name("a query parameter"),
  fact: name("a fact"),
});
const clientAddress = outlined(
  judged(
    (value) => value === "clientAddress",
    "STICKY",
    "sticky",
    '"clientAddress", or a source such as { cookie: "uid" }',
  ),
  { const: "clientAddress" },
);
const sticky = either(
  (input) => (isObject(input) ? chooseSticky(input) : clientAddress),
  () => [clientAddress, ...chooseSticky.forms],
);

const target = text(
  "TO",
  "to",
  "a service name or a URL",
  (value) =>
    patterns.NAME.test(value) && (!value.includes("://") || instanceUrl(value) !== undefined),
  patterns.TARGET,
);
const fallback = record("fallback", {
  service: optional(name("a service")),
  version: optional(name("a version")),
  respond: optional(respond),
});
const backendFields = {
  service: name("a service"),
  version: optional(name("a version")),
  split: optional(map("split", name("a version"), weight)),
  sticky: optional(sticky),
  fallback: optional(fallback),
};
// Relations that an editor can tell; checkConfig tells them too.
const backend = outlined(record("to", backendFields), {
  dependentRequired: { sticky: ["split"] },
  dependentSchemas: { split: { properties: { version: false } } },
});
const weighted = record("a backend", {
  service: name("a service"),
  version: optional(name("a version")),
  weight: optional(weight),
  requestHeaders: optional(headerChanges),
  responseHeaders: optional(headerChanges),
  rewrite: optional(rewrite),
  redirect: optional(redirect),
  fallback: optional(fallback),
});
export const mirror = list(
  "mirror",
  record("a mirror", {
    service: name("a service"),
    version: optional(name("a version")),
    ratio: optional(ratio("ratio")),
    timeoutMs: optional(milliseconds("timeoutMs", 1)),
    compare: optional(
      record("compare", {
        status: optional(flag("status")),
        headers: optional(list("headers", headerName)),
      }),
    ),
  }),
);
export const url = text(
  "INSTANCE_URL",
  "a URL",
  'one such as "http://10.0.0.9:8080"',
  (value) => instanceUrl(value) !== undefined,
  patterns.BASE_URL,
);
const urls = list("to", url);
const backends = list("to", weighted);
export const to = either(
  (input) => {
    if (Array.isArray(input)) return input.length > 0 && input.every(isText) ? urls : backends;
    return isObject(input) ? backend : target;
  },
  () => [target, urls, backend, backends],
);

const limit = (about: string): Schema => {
  const time = milliseconds(about);
  const off = choice("TIME", about, ["0"]);
  return either(
    (input) => (input === "0" ? off : time),
    () => [time, off],
  );
};
export const timeouts = record("timeouts", {
  requestMs: optional(limit("requestMs")),
  attemptMs: optional(limit("attemptMs")),
  headMs: optional(limit("headMs")),
  idleMs: optional(limit("idleMs")),
});
export const retry = record("retry", {
  attempts: whole("RETRY", "attempts", 0, 10),
  statuses: optional(list("statuses", whole("STATUS", "a status", 400, 599))),
  methods: optional(list("methods", method)),
  backoff: optional(
    record("backoff", {
      baseMs: optional(milliseconds("baseMs")),
      maxMs: optional(milliseconds("maxMs")),
    }),
  ),
});
export const hedge = record("hedge", {
  delayMs: milliseconds("delayMs", 1),
  attempts: optional(whole("RETRY", "attempts", 1, 5)),
});
export const routeLimits = record("limits", {
  bodyBytes: optional(whole("LIMIT", "bodyBytes", 0)),
  replayBytes: optional(whole("LIMIT", "replayBytes", 0)),
  uploadBytesPerS: optional(whole("LIMIT", "uploadBytesPerS", 0)),
});
