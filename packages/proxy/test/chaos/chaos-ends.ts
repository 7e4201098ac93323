import type { ExchangeEnd, MirrorEnd, ProxyOptions } from "@signalbox/proxy";

/** Counts what a proxy tells of the ends of requests and of their copies. */
export class ChaosEnds {
  readonly #ends = new Map<string, number>();
  readonly #copies = new Map<string, number>();
  readonly #cut = new Set<string>();
  /** Requests for which attempts ran side by side. */
  hedged = 0;
  /** Copies that were answered. */
  mirrored = 0;

  /** What the proxy is told to tell. */
  get options(): ProxyOptions {
    return {
      onEnd: (end) => this.#onEnd(end),
      onMirror: (end) => this.#onMirror(end),
    };
  }

  /** Whether the answer to a request was cut. */
  wasCut(url: string): boolean {
    return this.#cut.has(url);
  }

  #onEnd({ view, attempts, failed, isComplete }: ExchangeEnd): void {
    count(this.#ends, view.url);
    if (!isComplete) this.#cut.add(view.url);
    if (attempts > failed.length + 1) this.hedged++;
  }

  #onMirror({ view, status }: MirrorEnd): void {
    count(this.#copies, view.url);
    if (status !== undefined) this.mirrored++;
  }

  /**
   * What is wrong when all is over.
   *
   * @param answered what was asked for by requests that got an answer: each of them has ended
   * @param mirrors how many copies one request may have
   */
  problems(answered: ReadonlySet<string>, mirrors: number): string[] {
    const missing = [...answered].filter((url) => !this.#ends.has(url));
    const twice = [...this.#ends].filter(([, times]) => times > 1);
    const odd = [...this.#copies].filter(([, times]) => times !== mirrors);
    return [
      ...missing.map((url) => `no end is told of ${url}`),
      ...twice.map(([url, times]) => `${times} ends are told of ${url}`),
      ...odd.map(([url, times]) => `${times} copies are told of ${url}`),
    ];
  }
}

/** Counts one more. */
function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
