/** Bytes of one part, and how many parts are more than all buffers of the system on the way together. */
export const PART = Buffer.alloc(65_536);
export const PARTS = 1_024;

const STILL = 20;

/**
 * Waits until a number does not change any more, and gives it. Round trips are the clock: a slow machine has more time, and
 * what reads ahead has something to read in each of them.
 */
export async function standstill(
  number: () => number,
  roundTrip: () => Promise<unknown>,
): Promise<number> {
  let before = -1;
  for (let still = 0; still < STILL; still++) {
    await roundTrip();
    if (number() !== before) still = -1;
    before = number();
  }
  return before;
}

/** Writes all parts as fast as they are taken, and ends. */
export function pour(
  into: {
    write(part: Buffer): boolean;
    once(event: "drain", listener: () => void): unknown;
    end(): unknown;
  },
  onPart: () => void,
): void {
  let written = 0;
  const write = (): void => {
    while (written < PARTS) {
      written++;
      onPart();
      if (!into.write(PART)) {
        into.once("drain", write);
        return;
      }
    }
    into.end();
  };
  write();
}
