import { findMyWayPath, findMyWayUrl } from "./subjects/decide/find-my-way.ts";
import { memoirist } from "./subjects/decide/memoirist.ts";
import { signalboxDecide } from "./subjects/decide/signalbox-decide.ts";
import { signalboxExplain } from "./subjects/decide/signalbox-explain.ts";
import { signalboxExchange } from "./subjects/decide/signalbox-exchange.ts";
import { signalboxMatch } from "./subjects/decide/signalbox-match.ts";

/** Everything that finds routes here, in the order of the table. */
export const decideSubjects = [
  signalboxDecide,
  signalboxExplain,
  signalboxExchange,
  signalboxMatch,
  findMyWayUrl,
  findMyWayPath,
  memoirist,
];
