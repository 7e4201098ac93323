/** What instances have seen, together: every request by its id. */
export class Visits {
  /** What must never happen, in words. */
  readonly wrongs: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, () => void>();
  readonly #sentOnce: (path: string) => boolean;

  /** @param sentOnce whether a POST to a path may reach one instance only */
  constructor(sentOnce: (path: string) => boolean = () => true) {
    this.#sentOnce = sentOnce;
  }

  /** A request has come to an instance. */
  add(id: string, method: string, path: string): void {
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, count);
    if (method === "POST" && count > 1 && this.#sentOnce(path))
      this.wrongs.push(`POST ${path} has come ${count} times`);
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
  }

  /** How often a request has come. */
  count(id: string): number {
    return this.#counts.get(id) ?? 0;
  }

  /** Calls when a request has come. */
  whenSeen(id: string, then: () => void): void {
    if (this.#counts.has(id)) then();
    else this.#waiting.set(id, then);
  }

  /** Forgets a request that is over. */
  forget(id: string): void {
    this.#counts.delete(id);
    this.#waiting.delete(id);
  }

  /** Forgets all, those too that came when their clients had gone. */
  forgetAll(): void {
    this.#counts.clear();
    this.#waiting.clear();
  }
}
