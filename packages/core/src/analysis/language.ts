import { DFA, JS, NFA, Words, type ReadonlyNFA } from "refa";

/** Automata larger than this are given up: then a question has no answer. */
const MAX_NODES = 5_000;
const ALL_CHARACTERS = { maxCharacter: 0x10ffff };

/**
 * A set of texts, as an automaton. What two conditions have in common, or what one takes and another does not, can be
 * worked out exactly.
 *
 * @throws from every operation when it would grow too large; see `tryLanguage`
 */
export class Language {
  readonly #nfa: ReadonlyNFA;

  private constructor(nfa: ReadonlyNFA) {
    this.#nfa = nfa;
  }

  /** The texts that a regex matches as a whole. */
  static ofRegex(source: string, ignoreCase = false): Language {
    // The whole text is matched anyway; other anchors have no place in an automaton, and the parser says so.
    const bare = source.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
    const literal = { source: bare === "" ? "(?:)" : bare, flags: ignoreCase ? "iu" : "u" };
    const { expression } = JS.Parser.fromLiteral(literal).parse({
      assertions: "throw",
      backreferences: "throw",
      maxBackreferenceWords: 0,
    });
    return new Language(NFA.fromRegex(expression, ALL_CHARACTERS, {}, nodes()));
  }

  /** The one text, or all that differ from it in case only. */
  static ofText(text: string, ignoreCase = false): Language {
    return Language.ofRegex(escapeRegex(text), ignoreCase);
  }

  and(other: Language): Language {
    return new Language(NFA.fromIntersection(this.#nfa, other.#nfa, nodes()));
  }

  or(other: Language): Language {
    const nfa = this.#nfa.copy(nodes());
    nfa.union(other.#nfa);
    return new Language(nfa);
  }

  /** Its texts, each followed by one of the other. */
  then(other: Language): Language {
    const nfa = this.#nfa.copy(nodes());
    nfa.append(other.#nfa);
    return new Language(nfa);
  }

  not(): Language {
    const dfa = DFA.fromFA(this.#nfa, new DFA.LimitedNodeFactory(MAX_NODES));
    dfa.complement();
    return new Language(NFA.fromFA(dfa, nodes()));
  }

  get isEmpty(): boolean {
    return this.#nfa.isEmpty;
  }

  /** Up to so many of its texts, the shortest first. */
  words(count: number): string[] {
    const found: string[] = [];
    for (const word of this.#nfa.words()) {
      if (found.length === count) break;
      found.push(Words.fromUnicodeToString(word));
    }
    return found;
  }
}

/** What can be worked out, or undefined: an automaton can grow too large, and not every regex has one. */
export function tryLanguage<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Escapes of which JavaScript and the engine of conditions do not take exactly the same characters. */
const DIFFERS = /\\[sSbBpP]/;

/** Whether an automaton takes exactly what a condition with the regex takes. */
export function isExactRegex(source: string): boolean {
  return !DIFFERS.test(source);
}

/** Text as a regex that matches it alone. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&").replace(/\\-/g, "\\x2d");
}

function nodes(): NFA.LimitedNodeFactory {
  return new NFA.LimitedNodeFactory(MAX_NODES);
}
