import { Pool } from "undici";

/** What clients saw. */
export interface LoadReport {
  readonly sent: number;
  readonly byStatus: ReadonlyMap<number, number>;
  /** Requests that came to no whole answer. */
  readonly broken: readonly string[];
  /** Answers by instance. */
  readonly byInstance: ReadonlyMap<string, number>;
  /** When the answers of each instance came, on the clock of `performance`. */
  readonly lastFrom: ReadonlyMap<string, number>;
  /** Requests a second that were really sent. */
  readonly rate: number;
}

/** Clients at work. */
export interface Clients {
  /** Waits until so many more were sent. */
  more(count: number): Promise<void>;
  /** Sends nothing more and waits for all answers. */
  stop(): Promise<LoadReport>;
}

/** How clients are started: where they ask, and how often a second. */
export type StartClients = (url: string, perSecond: number, method: "GET" | "POST") => Clients;

/** Most requests under way; what would come on top is sent later, so that a slow machine does not drown. */
const MOST_UNDER_WAY = 512;
/** How often the clock is looked at. */
const TURN_MS = 5;

/** Sends requests at a rate, whatever becomes of those before them, until it is stopped. */
export class Load implements Clients {
  readonly #pool: Pool;
  readonly #perSecond: number;
  readonly #method: "GET" | "POST";
  readonly #byStatus = new Map<number, number>();
  readonly #byInstance = new Map<string, number>();
  readonly #lastFrom = new Map<string, number>();
  readonly #broken: string[] = [];
  readonly #startedAt = performance.now();
  #sent = 0;
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #whenIdle: (() => void) | undefined;
  #whenSent: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(url: string, perSecond: number, method: "GET" | "POST" = "GET") {
    this.#pool = new Pool(url, { connections: 64, pipelining: 1 });
    this.#perSecond = perSecond;
    this.#method = method;
    this.#timer = setInterval(() => this.#turn(), TURN_MS);
  }

  more(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#whenSent = { count: this.#sent + count, resolve };
    });
  }

  #turn(): void {
    const due = Math.floor(((performance.now() - this.#startedAt) / 1_000) * this.#perSecond);
    const room = MOST_UNDER_WAY - this.#underWay;
    const now = Math.min(
      due - this.#sent,
      room,
      Math.ceil((this.#perSecond * TURN_MS * 4) / 1_000),
    );
    for (let i = 0; i < now; i++) void this.#send();
    if (this.#whenSent !== undefined && this.#sent >= this.#whenSent.count) {
      this.#whenSent.resolve();
      this.#whenSent = undefined;
    }
  }

  async #send(): Promise<void> {
    this.#sent++;
    this.#underWay++;
    try {
      const body = this.#method === "POST" ? "x" : null;
      const response = await this.#pool.request({ path: "/", method: this.#method, body });
      const text = await response.body.text();
      add(this.#byStatus, response.statusCode);
      const name = response.headers["x-instance"];
      if (response.statusCode === 200 && name === text) {
        add(this.#byInstance, text);
        this.#lastFrom.set(text, performance.now());
      } else if (response.statusCode === 200) {
        this.#broken.push(`200 with ${JSON.stringify(text)} of ${String(name)}`);
      }
    } catch (error) {
      this.#broken.push(String(error));
    }
    this.#underWay--;
    if (this.#underWay === 0) this.#whenIdle?.();
  }

  async stop(): Promise<LoadReport> {
    const rate = (this.#sent / (performance.now() - this.#startedAt)) * 1_000;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    await this.#pool.close();
    return {
      sent: this.#sent,
      byStatus: this.#byStatus,
      broken: this.#broken,
      byInstance: this.#byInstance,
      lastFrom: this.#lastFrom,
      rate,
    };
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
