import * as v from "valibot";
import { isAddressRange } from "../match/address.js";
import { isHostPattern, parseHost } from "../match/host.js";
import { compilePath, isPatternProblem } from "../match/pattern.js";
import { regexProblem } from "../match/regex.js";
import { instanceUrl } from "./instance-url.js";
import { describeValue, pointerOf, type ConfigProblem } from "./problem.js";
import { suggest } from "./suggest.js";

/**
 * What every leaf says when it does not hold: a stable code, what it is about, what it must be, and what
 * was found if that is not the value in its place. Valibot carries texts only, so all travel as one.
 */
function says(code: string, about: string, expected: string, ...found: readonly string[]): string {
  return [code, about, expected, ...found].join("\u0000");
}

function text(
  code: string,
  about: string,
  expected: string,
  holds: (value: string) => boolean = () => true,
) {
  const message = says(code, about, expected);
  return v.pipe(v.string(message), v.check(holds, message));
}

function number(code: string, about: string, expected: string, holds: (value: number) => boolean) {
  const message = says(code, about, expected);
  return v.pipe(v.number(message), v.check(holds, message));
}

function choice<const T extends readonly (string | number | boolean)[]>(
  code: string,
  about: string,
  options: T,
) {
  return v.picklist(
    options as unknown as readonly (string | number)[],
    says(code, about, `one of ${options.map(describeValue).join(", ")}`),
  );
}

function flag(about: string) {
  return v.boolean(says("TYPE", about, "true or false"));
}

type Schema = v.GenericSchema;

/** A record with exactly these fields; wrap those that may be left out in `v.optional`. */
function record(about: string, fields: Record<string, Schema>): Schema {
  const names = Object.keys(fields).join(", ");
  const none = nothing("TYPE", about, `a record of ${names}`);
  const unknown = nothing("UNKNOWN_FIELD", about, names);
  const missing = says("MISSING", about, names);
  const known = v.object(fields, missing);
  return either((input) => {
    if (!isObject(input)) return none;
    // Valibot's own strict records tell the first unknown field only.
    const others = Object.keys(input).filter((name) => !Object.hasOwn(fields, name));
    if (others.length === 0) return known;
    const wrong = Object.fromEntries(others.map((name) => [name, unknown]));
    return v.object({ ...fields, ...wrong }, missing);
  });
}

/** A record by names of the user's own. Valibot's own leaves out entries such as `constructor` unchecked. */
function map(about: string, key: v.GenericSchema<string>, value: Schema): Schema {
  const none = nothing("TYPE", about, "a record");
  return either((input) => {
    if (!isObject(input)) return none;
    const names = Object.keys(input);
    return v.object(Object.fromEntries(names.map((name) => [name, entry(name, key, value)])));
  });
}

function entry(name: string, key: v.GenericSchema<string>, value: Schema): Schema {
  const reserved = says("NAME", "a name", "no reserved name such as __proto__");
  const problem =
    name === "__proto__"
      ? reserved
      : v.safeParse(key, name, { abortEarly: true }).issues?.[0].message;
  if (problem === undefined) return value;
  const [code = "", ...rest] = [...problem.split("\u0000"), describeValue(name)];
  return v.intersect([
    nothing(code, rest[0] as string, rest[1] as string, rest[2] as string),
    value,
  ]);
}

function list(about: string, of: Schema) {
  return v.array(of, says("TYPE", about, "a list"));
}

/** A value that takes one form or another by its own look, so that only the form that was meant complains. */
function either(choose: (input: unknown) => Schema) {
  return v.lazy(choose);
}

function nothing(...saying: Parameters<typeof says>) {
  return v.custom<never>(() => false, says(...saying));
}

const isText = (input: unknown): input is string => typeof input === "string";
const isObject = (input: unknown): input is object =>
  typeof input === "object" && input !== null && !Array.isArray(input);

const CONTROL = /[\u0000-\u001f\u007f]/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const name = (about: string) =>
  text(
    "NAME",
    about,
    "non-empty text without control characters",
    (value) => value !== "" && !CONTROL.test(value),
  );
const headerName = text(
  "HEADER_NAME",
  "a header name",
  "a token of RFC 9110 (letters, digits, -)",
  (value) => TOKEN.test(value),
);
const headerValue = text(
  "HEADER_VALUE",
  "a header value",
  "text without control characters",
  (value) => !CONTROL.test(value.replaceAll("\t", "")),
);
const method = text(
  "METHOD",
  "a method",
  "an upper-case token such as GET",
  (value) => TOKEN.test(value) && value === value.toUpperCase(),
);
const weight = number(
  "SPLIT_WEIGHT",
  "weight",
  "a finite number >= 0",
  (value) => Number.isFinite(value) && value >= 0,
);
const milliseconds = (about: string, least = 0) =>
  number(
    "TIME",
    about,
    `a finite number of milliseconds >= ${least}`,
    (value) => Number.isFinite(value) && value >= least,
  );
const whole = (code: string, about: string, least: number, most = Number.MAX_SAFE_INTEGER) =>
  number(
    code,
    about,
    `a whole number ${most === Number.MAX_SAFE_INTEGER ? `>= ${least}` : `from ${least} to ${most}`}`,
    (value) => {
      return Number.isInteger(value) && value >= least && value <= most;
    },
  );
const ratio = (about: string) =>
  number("RATIO", about, "a number from 0 to 1", (value) => value >= 0 && value <= 1);
const port = whole("PORT", "a port", 1, 65_535);
const addressRange = text(
  "ADDRESS",
  "an address",
  'an IP address or a CIDR range such as "10.0.0.0/8"',
  isAddressRange,
);
const hostPattern = text(
  "HOST",
  "a host",
  'a host name without port such as "api.shop.com" or "*.shop.com"',
  isHostPattern,
);
const hostName = text(
  "HOST",
  "a host",
  "a host name without port",
  (value) => isHostPattern(value) && !value.startsWith("*"),
);
const authority = text(
  "HOST",
  "a host",
  'a host name, with a port if need be, such as "api.shop.com:8080"',
  (value) => value !== "" && parseHost(value) !== undefined,
);

const regex = v.pipe(
  v.string(says("TYPE", "a regex", "text")),
  v.check(
    (value) => regexProblem(value) === undefined,
    (issue) =>
      says(
        "REGEX",
        "a regex",
        `one that runs in linear time: ${regexProblem(issue.input as string) ?? ""}`,
      ),
  ),
);

function path(condition: (value: string) => Parameters<typeof compilePath>[0]) {
  return v.pipe(
    v.string(says("TYPE", "a path", "text")),
    v.check(
      (value) => !isPatternProblem(compilePath(condition(value))),
      (issue) => {
        const compiled = compilePath(condition(issue.input as string));
        return says(
          "PATH",
          "a path",
          `well formed: ${isPatternProblem(compiled) ? compiled.problem : ""}`,
        );
      },
    ),
  );
}

const absolutePath = path((value) => ({ exact: value }));

/** A value with exactly one of several fields; `extra` says what may stand beside one. */
function oneForm(
  code: string,
  about: string,
  forms: Record<string, Schema>,
  extra: (form: string) => Record<string, Schema> = () => ({}),
) {
  const names = Object.keys(forms);
  const schemas = new Map(
    names.map((form) => [form, record(about, { [form]: forms[form] as Schema, ...extra(form) })]),
  );
  const none = nothing(code, about, `exactly one of ${names.join(", ")}`);
  return (input: object): Schema => {
    const given = names.filter((form) => Object.hasOwn(input, form));
    return given.length === 1 ? (schemas.get(given[0] as string) as Schema) : none;
  };
}

/** Conditions may be nested in `not` this deep. */
const MAX_NESTING = 20;

const plainText = text("TYPE", "a text condition", "text");
const chooseCondition = oneForm(
  "CONDITION",
  "a text condition",
  {
    equals: plainText,
    startsWith: plainText,
    endsWith: plainText,
    contains: plainText,
    regex,
    oneOf: list("oneOf", plainText),
    range: v.pipe(
      record("a range", {
        from: v.optional(whole("RANGE", "from", Number.MIN_SAFE_INTEGER)),
        to: v.optional(whole("RANGE", "to", Number.MIN_SAFE_INTEGER)),
      }),
      v.check(
        (range) => {
          const { from, to } = range as { from?: number; to?: number };
          return from !== undefined || to !== undefined
            ? (from ?? -Infinity) < (to ?? Infinity)
            : false;
        },
        says("RANGE", "a range", "from below to, at least one of the two"),
      ),
    ),
    present: flag("present"),
    not: v.lazy((input) =>
      nesting(input) > MAX_NESTING
        ? nothing("CONDITION", "a text condition", `at most ${MAX_NESTING} deep`)
        : condition,
    ),
  },
  (form) =>
    ["range", "present", "not"].includes(form)
      ? {}
      : { ignoreCase: v.optional(flag("ignoreCase")) },
);
const condition: Schema = either((input) =>
  isText(input)
    ? plainText
    : isObject(input)
      ? chooseCondition(input)
      : nothing("CONDITION", "a text condition", "text or a record with one form"),
);

function nesting(input: unknown): number {
  let depth = 0;
  for (
    let inner = input;
    isObject(inner) && depth <= MAX_NESTING && Object.hasOwn(inner, "not");
    depth++
  )
    inner = (inner as { not: unknown }).not;
  return depth;
}

const oneOrMany = (about: string, one: Schema) => {
  const many = v.pipe(
    list(about, one),
    v.check(
      (items) => (items as unknown[]).length > 0,
      says("EMPTY", about, "a list with at least one entry"),
    ),
  );
  return either((input) => (Array.isArray(input) ? many : one));
};

const choosePath = oneForm("PATH", "a path condition", {
  exact: absolutePath,
  prefix: path((value) => ({ prefix: value })),
  startsWith: path((value) => ({ startsWith: value })),
  regex,
});
const pathPattern = path((value) => value);
const pathCondition = either((input) => (isObject(input) ? choosePath(input) : pathPattern));

const matchFields = {
  path: v.optional(pathCondition),
  host: v.optional(oneOrMany("host", hostPattern)),
  method: v.optional(oneOrMany("method", method)),
  headers: v.optional(map("headers", headerName, condition)),
  query: v.optional(map("query", name("a query parameter"), condition)),
  cookies: v.optional(map("cookies", name("a cookie"), condition)),
  params: v.optional(map("params", name("a path parameter"), condition)),
  facts: v.optional(map("facts", name("a fact"), condition)),
  clientAddress: v.optional(oneOrMany("clientAddress", addressRange)),
  protocol: v.optional(choice("PROTOCOL", "protocol", ["http", "https"])),
  port: v.optional(oneOrMany("port", port)),
};
const match = oneOrMany("match", record("a match", matchFields));

const headerChanges = record("header changes", {
  set: v.optional(map("set", headerName, headerValue)),
  add: v.optional(map("add", headerName, headerValue)),
  remove: v.optional(list("remove", headerName)),
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
  (value) => !CONTROL.test(value),
);
const prefixReplacement = v.lazy((input) => (input === "" ? plainText : absolutePath));
const template = text(
  "PATH",
  "a path template",
  'a path such as "/v2/:id"',
  (value) => value.startsWith("/") && value.split("/").slice(1).every(isTemplateSegment),
);
const chooseRewrite = (input: object): Schema =>
  Object.hasOwn(input, "regex") || Object.hasOwn(input, "with")
    ? record("a path rewrite", { regex, with: replacement })
    : choosePlainRewrite(input);
const choosePlainRewrite = oneForm("PATH", "a path rewrite", {
  replace: absolutePath,
  replacePrefix: prefixReplacement,
});
const queryText = text("TYPE", "a query value", "text");
const rewrite = record("rewrite", {
  host: v.optional(authority),
  path: v.optional(either((input) => (isObject(input) ? chooseRewrite(input) : template))),
  query: v.optional(
    record("query changes", {
      set: v.optional(map("set", name("a query parameter"), queryText)),
      add: v.optional(map("add", name("a query parameter"), queryText)),
      remove: v.optional(list("remove", name("a query parameter"))),
    }),
  ),
});

const redirect = record("redirect", {
  status: v.optional(choice("STATUS", "a redirect status", [301, 302, 303, 307, 308])),
  scheme: v.optional(choice("PROTOCOL", "scheme", ["http", "https"])),
  host: v.optional(hostName),
  port: v.optional(port),
  path: v.optional(
    either((input) =>
      isObject(input)
        ? choosePlainRewrite(input)
        : nothing("PATH", "a redirect path", "{ replace } or { replacePrefix }"),
    ),
  ),
  query: v.optional(choice("TYPE", "query", ["keep", "drop"])),
});

const respond = record("respond", {
  status: whole("STATUS", "status", 200, 599),
  headers: v.optional(map("headers", headerName, headerValue)),
  body: v.optional(text("TYPE", "body", "text")),
});

const chooseSticky = oneForm("STICKY", "sticky", {
  cookie: name("a cookie"),
  header: headerName,
  query: name("a query parameter"),
  fact: name("a fact"),
});
const sticky = either((input) =>
  isObject(input) ? chooseSticky(input) : choice("STICKY", "sticky", ["clientAddress"]),
);

const target = text(
  "TO",
  "to",
  "a service name or a URL",
  (value) =>
    value !== "" &&
    !CONTROL.test(value) &&
    (!value.includes("://") || instanceUrl(value) !== undefined),
);
const backend = record("to", {
  service: name("a service"),
  version: v.optional(name("a version")),
  split: v.optional(map("split", name("a version"), weight)),
  sticky: v.optional(sticky),
  fallback: v.optional(
    record("fallback", {
      service: v.optional(name("a service")),
      version: v.optional(name("a version")),
    }),
  ),
});
const weighted = record("a backend", {
  service: name("a service"),
  version: v.optional(name("a version")),
  weight: v.optional(weight),
  requestHeaders: v.optional(headerChanges),
  responseHeaders: v.optional(headerChanges),
  rewrite: v.optional(rewrite),
  redirect: v.optional(redirect),
});
const url = text(
  "INSTANCE_URL",
  "a URL",
  'one such as "http://10.0.0.9:8080"',
  (value) => instanceUrl(value) !== undefined,
);
const to = either((input) => {
  if (Array.isArray(input))
    return input.length > 0 && input.every(isText) ? list("to", url) : list("to", weighted);
  return isObject(input) ? backend : target;
});

const timeouts = record("timeouts", {
  requestMs: v.optional(milliseconds("requestMs")),
  attemptMs: v.optional(milliseconds("attemptMs")),
  idleMs: v.optional(milliseconds("idleMs")),
});
const retry = record("retry", {
  attempts: whole("RETRY", "attempts", 0, 10),
  statuses: v.optional(list("statuses", whole("STATUS", "a status", 400, 599))),
  methods: v.optional(list("methods", method)),
  backoff: v.optional(
    record("backoff", {
      baseMs: v.optional(milliseconds("baseMs")),
      maxMs: v.optional(milliseconds("maxMs")),
    }),
  ),
});

const routeFields = {
  id: v.optional(name("an id")),
  order: v.optional(whole("ORDER", "order", Number.MIN_SAFE_INTEGER)),
  match: v.optional(match),
  to: v.optional(to),
  redirect: v.optional(redirect),
  respond: v.optional(respond),
  requestHeaders: v.optional(headerChanges),
  responseHeaders: v.optional(headerChanges),
  rewrite: v.optional(rewrite),
  timeouts: v.optional(timeouts),
  retry: v.optional(retry),
};
const route = record("a route", routeFields);
const shortRoute = record("a route", { ...routeFields, ...matchFields });

const instance = either((input) => (isObject(input) ? longInstance : url));
const longInstance = record("an instance", {
  url,
  id: v.optional(name("an id")),
  version: v.optional(name("a version")),
  weight: v.optional(
    number(
      "INSTANCE_WEIGHT",
      "weight of an instance",
      "a finite number > 0",
      (value) => Number.isFinite(value) && value > 0,
    ),
  ),
  zone: v.optional(name("a zone")),
  metadata: v.optional(map("metadata", name("a name"), v.unknown())),
});

const balancerValue = v.custom<object>(
  (input) =>
    isObject(input) &&
    isText((input as { name?: unknown }).name) &&
    typeof (input as { pick?: unknown }).pick === "function",
  says("BALANCER", "a balancer", "a name, or a value with a name and a pick function"),
);
const balancerName = choice("BALANCER", "a balancer", ["least-request", "round-robin", "random"]);
const balancer = either((input) => (isText(input) ? balancerName : balancerValue));
const outlierRecord = record("outlier", {
  consecutiveFailures: v.optional(whole("OUTLIER", "consecutiveFailures", 1)),
  baseEjectionMs: v.optional(milliseconds("baseEjectionMs", 1)),
  maxEjectionMs: v.optional(milliseconds("maxEjectionMs", 1)),
  maxEjectionRatio: v.optional(ratio("maxEjectionRatio")),
});
const outlier = either((input) => (input === false ? v.literal(false) : outlierRecord));
const connect = record("connect", {
  timeoutMs: v.optional(milliseconds("timeoutMs", 1)),
  connections: v.optional(whole("CONNECT", "connections", 1)),
  queue: v.optional(whole("CONNECT", "queue", 0)),
  keepAliveMs: v.optional(milliseconds("keepAliveMs", 1)),
});
const service = record("a service", {
  instances: list("instances", instance),
  balancer: v.optional(balancer),
  outlier: v.optional(outlier),
  whenNoneEligible: v.optional(choice("TYPE", "whenNoneEligible", ["try-all", "reject"])),
  connect: v.optional(connect),
});

const config = record("the configuration", {
  services: v.optional(map("services", name("a service"), service)),
  routes: list("routes", route),
  trustedProxies: v.optional(list("trustedProxies", addressRange)),
  path: v.optional(
    record("path", {
      dotSegments: v.optional(choice("TYPE", "dotSegments", ["resolve", "reject"])),
      mergeSlashes: v.optional(flag("mergeSlashes")),
      encodedSlashes: v.optional(choice("TYPE", "encodedSlashes", ["keep", "reject"])),
    }),
  ),
  unmatchedMethod: v.optional(choice("TYPE", "unmatchedMethod", ["none", "405"])),
  defaults: v.optional(
    record("defaults", {
      timeouts: v.optional(timeouts),
      retry: v.optional(retry),
      balancer: v.optional(balancer),
      outlier: v.optional(outlier),
      connect: v.optional(connect),
    }),
  ),
});
const shortForm = list("the configuration", shortRoute);

/** Checks the shape of a config: every field, type, name, path, host and number on its own. */
export function checkShape(input: unknown): ConfigProblem[] {
  const result = v.safeParse(Array.isArray(input) ? shortForm : config, input);
  return result.success ? [] : result.issues.map(problemOf);
}

function problemOf(issue: v.BaseIssue<unknown>): ConfigProblem {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number);
  const pointer = pointerOf(keys);
  const [code = "TYPE", about = "the value", expected = issue.expected ?? "something else", what] =
    issue.message.split("\u0000");
  if (code === "UNKNOWN_FIELD") return unknownField(pointer, String(keys.at(-1)), about, expected);
  if (code === "MISSING") {
    const field = String(keys.at(-1));
    return {
      pointer,
      code: "MISSING",
      message: `${about} needs "${field}"`,
      found: "nothing",
      expected: `"${field}"`,
    };
  }
  const found = what ?? describeValue(issue.input);
  const near =
    issue.type === "picklist" && isText(issue.input)
      ? suggest(issue.input, choicesIn(expected))
      : undefined;
  const message = `${about} must be ${expected}, got ${found}${near === undefined ? "" : `; did you mean "${near}"?`}`;
  return {
    pointer,
    code,
    message,
    found,
    expected,
    ...(near === undefined ? {} : { suggestion: near }),
  };
}

function unknownField(
  pointer: string,
  field: string,
  about: string,
  expected: string,
): ConfigProblem {
  const known = expected.split(", ");
  const near = suggest(field, known);
  const hint =
    near === undefined ? `; it may have ${known.join(", ")}` : `; did you mean "${near}"?`;
  const message = `${about} has no field "${field}"${hint}`;
  return {
    pointer,
    code: "UNKNOWN_FIELD",
    message,
    found: `"${field}"`,
    expected: known.join(", "),
    ...(near === undefined ? {} : { suggestion: near }),
  };
}

function choicesIn(expected: string): string[] {
  return [...expected.matchAll(/"([^"]*)"/g)].map((found) => found[1] as string);
}
