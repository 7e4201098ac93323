/** A part of a body, or its end. */
export type BodyPart =
  { readonly done: true } | { readonly done: false; readonly value: Uint8Array };

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The body of a `Request`, read one part at a time. Until the first part is asked for it belongs to others. */
export class BodySource {
  readonly #request: Request;
  #reader: Reader | undefined;
  #first: Promise<BodyPart> | undefined;
  #isReleased = false;

  constructor(request: Request) {
    this.#request = request;
  }

  /**
   * Asks for the first part ahead, and says whether there is none at all. A body whose first part is late counts as one.
   *
   * @param patienceMs how long is waited. Unit: milliseconds
   */
  async isEmpty(patienceMs: number): Promise<boolean> {
    const first = this.read();
    this.#first = first;
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, patienceMs, undefined);
    // Whoever reads the part gets the error.
    const part = await Promise.race([first.catch(() => undefined), late]);
    clearTimeout(timer);
    return part?.done === true;
  }

  /** The next part; rejects when the body breaks or is no body of bytes. */
  async read(): Promise<BodyPart> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) return first;
    this.#reader ??= (this.#request.body as ReadableStream<Uint8Array>).getReader();
    const part = await this.#reader.read();
    if (part.done) return { done: true };
    if (!(part.value instanceof Uint8Array))
      throw new TypeError("a part of the body is not a Uint8Array");
    return { done: false, value: part.value };
  }

  /** Reads no further. What is left stays with the server, which knows what to do with it. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#first?.catch(ignore);
    this.#reader?.releaseLock();
  }
}

function ignore(): void {}
