import { styleText } from "node:util";
import { count } from "./table.ts";

/** Least time between two states of the progress line on a terminal, where one is written over the other. */
const TERMINAL_MS = 80;
/** Elsewhere they pile up: least time between two, and least part of the whole. */
const PLAIN_MS = 1_000;
const PLAIN_PART = 0.1;

/** Where the demo prints: lines, and one progress line below them while traffic runs. Colour on a terminal only. */
export class Screen {
  readonly #isTerminal = process.stdout.isTTY;
  #progress = "";
  #shownAt = performance.now();
  #shownDone = 0;
  #hasProgress = true;

  print(text = ""): void {
    this.#clear();
    console.log(text);
    if (this.#progress !== "") process.stdout.write(this.#progress);
  }

  title(text: string): void {
    this.print();
    this.print(styleText("bold", text));
  }

  faint(text: string): void {
    this.print(styleText("dim", text));
  }

  verdict(isGood: boolean, text: string): void {
    this.print(styleText(isGood ? "green" : "red", text));
  }

  progress(done: number, all: number, lost: number): void {
    if (!this.#hasProgress) return;
    const now = performance.now();
    if (now - this.#shownAt < (this.#isTerminal ? TERMINAL_MS : PLAIN_MS)) return;
    const text = `  ${count(done)} of ${count(all)} requests, ${count(lost)} lost`;
    if (this.#isTerminal) {
      const filled = Math.floor((done / all) * 20);
      this.#clear();
      this.#progress = `  ${"#".repeat(filled)}${".".repeat(20 - filled)}${text}`;
      process.stdout.write(this.#progress);
    } else {
      if (done - this.#shownDone < all * PLAIN_PART) return;
      console.log(text);
    }
    this.#shownAt = now;
    this.#shownDone = done;
  }

  endProgress(): void {
    this.#clear();
    this.#progress = "";
    this.#shownAt = performance.now();
    this.#shownDone = 0;
  }

  /** No progress line from now on: what still runs is of no interest. */
  endAllProgress(): void {
    this.endProgress();
    this.#hasProgress = false;
  }

  #clear(): void {
    if (this.#progress !== "") process.stdout.write("\r\x1b[2K");
  }
}
