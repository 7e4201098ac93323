/**
 * Facts as they are known at once. Those of a promise would be missing in silence, and its rejection would end the process.
 *
 * @throws TypeError for a promise
 */
export function factsNow<Facts>(facts: Facts): Facts {
  if (!(facts instanceof Promise)) return facts;
  facts.catch(ignore);
  throw new TypeError("facts must give an object, got a Promise; wait for it in a hook");
}

function ignore(): void {}
