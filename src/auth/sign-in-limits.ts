/** How long a sign-in lasts, and how often somebody may guess (auth-design.md). One place, with the units in the names. */

export const DAY_SECONDS = 86_400;
const MINUTE_MS = 60_000;

/** Some clients never refresh, so what one person uses alone lives long; a team is asked again every week. */
export const LIFETIMES = {
  alone: {
    accessTokenTTL: 7 * DAY_SECONDS,
    refreshTokenTTL: 90 * DAY_SECONDS,
    /** Sliding: counted from the last refresh. */
    refreshTokenIdleTTL: 90 * DAY_SECONDS,
  },
  team: { accessTokenTTL: 3600, refreshTokenTTL: 7 * DAY_SECONDS },
};

/** Of a client that registered itself; renewed while it is used. */
export const CLIENT_TTL_SECONDS = 90 * DAY_SECONDS;

/** Wrong keys on the consent page, of one source and of all together, within a window. */
export const GUESSES = {
  perSource: { most: 5, windowMs: 15 * MINUTE_MS },
  inAll: { most: 100, windowMs: 60 * MINUTE_MS },
};
