import type { LimitReached } from "../errors.ts";

/** A limit and what is used up of it, as the outside sees it: in `veo_get_usage`, and where it is in the way. */
export const limitView = ({ limit, used, allowed, resetsAtMs }: Omit<LimitReached, "needed">) => ({
  limit,
  used,
  allowed,
  ...(resetsAtMs !== null && { resets_at: new Date(resetsAtMs).toISOString() }),
});
