/**
 * Where nobody listens. A port that was free once may be given to another process: this one never is, as it is none of
 * those that the system hands out.
 */
export const DEAD_URL = "http://127.0.0.1:1";
