/**
 * Facts as they are known at once. Those of a promise would be missing in silence, and its rejection would end the process.
 *
 * @param where where the host waits for what takes time
 *
 * @throws TypeError for a promise
 */
export function factsNow<Facts>(facts: Facts, where: string): Facts {
  if (!(facts instanceof Promise)) return facts;
  facts.catch(ignore);
  throw new TypeError(`facts must be an object, got a Promise; wait for it ${where}`);
}

function ignore(): void {}
