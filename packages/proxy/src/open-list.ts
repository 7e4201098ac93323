import type { ServerReply } from "./answer.js";

/** A response that is not over, as a link of the list. */
export interface OpenReply {
  readonly res: ServerReply;
  /** Ends it where there is more to do than to cut the response. */
  hangUp?(): void;
  previous: OpenReply | undefined;
  next: OpenReply | undefined;
}

/**
 * The responses of a proxy that are not over. A list of links and not a Set: the tables that a Set leaves behind
 * keep what they held alive through many collections, which cost a fifth of each request.
 */
export class OpenList {
  #first: OpenReply | undefined;

  add(reply: OpenReply): void {
    reply.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = reply;
    this.#first = reply;
  }

  /** Takes a reply out; one that is out already stays so. */
  remove(reply: OpenReply): void {
    const { previous, next } = reply;
    if (previous !== undefined) previous.next = next;
    else if (this.#first === reply) this.#first = next;
    if (next !== undefined) next.previous = previous;
    reply.previous = undefined;
    reply.next = undefined;
  }

  /** Ends all of them: those that have not begun with an answer, others with a cut. */
  hangUp(): void {
    this.#each((reply) => {
      if (reply.hangUp === undefined) reply.res.destroy();
      else reply.hangUp();
    });
  }

  /** Cuts all of them. */
  cut(): void {
    this.#each(({ res }) => void res.destroy());
  }

  #each(end: (reply: OpenReply) => void): void {
    for (let reply = this.#first; reply !== undefined;) {
      const next: OpenReply | undefined = reply.next;
      end(reply);
      reply = next;
    }
  }
}
