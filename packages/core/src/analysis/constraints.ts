import { takesHost } from "../match/host.js";
import { addressSamples, compileAddresses } from "../match/address.js";
import type { PathOptions } from "../match/path.js";
import type { RequestView } from "../request.js";
import { freshWord } from "./fresh.js";
import type { Part, TextPlace } from "./parts.js";
import { solvePath, type PathConstraint } from "./path-solver.js";
import { NONE, solveText, type Domain, type Literal, type Solution } from "./text-solver.js";
import { methodText, viewOf, type MethodValue, type Sample } from "./sample.js";

/** What a request has to be and must not be. Immutable: every addition is a new one. */
export class Constraints {
  readonly #hosts: readonly { readonly host: string; readonly holds: boolean }[];
  readonly #methods: readonly MethodValue[];
  readonly #addresses: readonly { readonly ranges: readonly string[]; readonly holds: boolean }[];
  readonly #path: PathConstraint;
  readonly #texts: ReadonlyMap<string, TextConstraint>;

  private constructor(fields: Fields) {
    this.#hosts = fields.hosts;
    this.#methods = fields.methods;
    this.#addresses = fields.addresses;
    this.#path = fields.path;
    this.#texts = fields.texts;
  }

  /** None yet, but that the method is one of these. */
  static among(methods: readonly MethodValue[], options: PathOptions): Constraints {
    const path = { taken: [], notTaken: [], params: [], options };
    return new Constraints({ hosts: [], methods, addresses: [], path, texts: new Map() });
  }

  /** With a part that has to hold, or has to fail. */
  with(part: Part, holds: boolean): Constraints {
    return new Constraints({ ...this.#fields(), ...this.#added(part, holds) });
  }

  /** With parts that all have to hold. */
  withAll(parts: readonly Part[]): Constraints {
    return parts.reduce((left: Constraints, part) => left.with(part, true), this);
  }

  /** A request that fits. */
  solve(): Solution<RequestView> {
    const method = this.#methods[0];
    if (method === undefined) return NONE;
    const host = this.#solveHost();
    const address = this.#solveAddress();
    if (host === undefined || address === undefined) return NONE;
    const path = solvePath(this.#path);
    if (path.kind !== "found") return path;
    const texts: Sample["texts"][number][] = [];
    for (const { on, name, literals } of this.#texts.values()) {
      const solution = solveText(literals, domainOf(on, literals));
      if (solution.kind !== "found") return solution;
      if (solution.value !== undefined) texts.push({ on, name, value: solution.value });
    }
    const sample = { method, host: host.is, address: address.is, path: path.value, texts };
    return { kind: "found", value: viewOf(sample) };
  }

  #fields(): Fields {
    return {
      hosts: this.#hosts,
      methods: this.#methods,
      addresses: this.#addresses,
      path: this.#path,
      texts: this.#texts,
    };
  }

  #added(part: Part, holds: boolean): Partial<Fields> {
    switch (part.on) {
      case "host":
        return { hosts: [...this.#hosts, { host: part.host, holds }] };
      case "clientAddress":
        return { addresses: [...this.#addresses, { ranges: part.ranges, holds }] };
      case "method":
        return {
          methods: this.#methods.filter(
            (value) => part.methods.includes(methodText(value, part.takesPreflight)) === holds,
          ),
        };
      case "path": {
        const { taken, notTaken } = this.#path;
        return holds
          ? { path: { ...this.#path, taken: [...taken, part.path] } }
          : { path: { ...this.#path, notTaken: [...notTaken, part.path] } };
      }
      case "param": {
        const literal = { condition: part.condition, holds };
        const params = [...this.#path.params, { path: part.path, name: part.name, literal }];
        return { path: { ...this.#path, params } };
      }
      default: {
        const key = `${part.on} ${part.name}`;
        const before = this.#texts.get(key)?.literals ?? [];
        const literals = [...before, { condition: part.condition, holds }];
        return { texts: new Map(this.#texts).set(key, { on: part.on, name: part.name, literals }) };
      }
    }
  }

  // A host that no pattern names escapes them all but those that have to take it.
  #solveHost(): { readonly is: string } | undefined {
    const wanted = this.#hosts.filter(({ holds }) => holds).map(({ host }) => host);
    const label = freshWord(this.#hosts.map(({ host }) => host));
    const guesses = [
      ...(wanted.length === 0 ? [""] : []),
      ...wanted.map((host) => (host.startsWith("*.") ? label + host.slice(1) : host)),
    ];
    const found = guesses.find((guess) =>
      this.#hosts.every(({ host, holds }) => takesHost(host, guess) === holds),
    );
    return found === undefined ? undefined : { is: found };
  }

  #solveAddress(): { readonly is: string } | undefined {
    const tests = this.#addresses.map(({ ranges, holds }) => ({
      inside: compileAddresses(ranges),
      holds,
    }));
    const ranges = this.#addresses.flatMap((given) => given.ranges);
    const found = ["", ...addressSamples(ranges)].find((address) =>
      tests.every(({ inside, holds }) => (address !== "" && inside(address)) === holds),
    );
    return found === undefined ? undefined : { is: found };
  }
}

interface Fields {
  readonly hosts: readonly { readonly host: string; readonly holds: boolean }[];
  readonly methods: readonly MethodValue[];
  readonly addresses: readonly { readonly ranges: readonly string[]; readonly holds: boolean }[];
  readonly path: PathConstraint;
  readonly texts: ReadonlyMap<string, TextConstraint>;
}

interface TextConstraint {
  readonly on: TextPlace;
  readonly name: string;
  readonly literals: readonly Literal[];
}

const PRINTABLE = "[\\x21-\\x7e](?:[\\x20-\\x7e]*[\\x21-\\x7e])?|";

function domainOf(on: TextPlace, literals: readonly Literal[]): Domain {
  switch (on) {
    case "protocol":
      return { mayBeAbsent: false, texts: "https?", values: ["http", "https"] };
    case "port":
      return { mayBeAbsent: true, texts: "[0-9]+", values: ports(literals) };
    case "header":
      return { mayBeAbsent: true, texts: `${PRINTABLE}[^\\x00-\\x1f\\x7f\\u2028\\u2029]*` };
    case "cookie":
      return {
        mayBeAbsent: true,
        texts: "(?:[^\\x00-\\x20\\x7f;](?:[^\\x00-\\x1f\\x7f;]*[^\\x00-\\x20\\x7f;])?)?",
      };
    case "query":
    case "fact":
      return { mayBeAbsent: true, texts: "[^\\r\\u2028\\u2029]*" };
  }
}

// Those that the literals name, and one that they do not.
function ports(literals: readonly Literal[]): string[] {
  const named = literals.flatMap(({ condition }) =>
    typeof condition === "object" && "oneOf" in condition ? condition.oneOf : [],
  );
  for (let port = 1; port <= 65_535; port++)
    if (!named.includes(String(port))) return [...named, String(port)];
  return named;
}
