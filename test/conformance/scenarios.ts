/**
 * The scenarios that mean something for this server as it is, and how many checks of each pass. The number is there
 * since a scenario that finds nothing to look at passes as well.
 */
export const REVISIONS = [
  {
    revision: "2026-07-28",
    scenarios: {
      "tools-list": 4,
      "resources-list": 2,
      "prompts-list": 2,
      caching: 8,
      "http-header-validation": 14,
      "sep-2164-resource-not-found": 4,
      "dns-rebinding-protection": 2,
      "input-required-result-unsupported-methods": 2,
      "server-sse-multiple-streams": 1,
      "server-stateless": 24,
    },
  },
  {
    revision: "2025-11-25",
    scenarios: {
      "server-initialize": 3,
      ping: 2,
      "logging-set-level": 2,
      "tools-list": 3,
      "resources-list": 2,
      "resources-subscribe": 2,
      "resources-unsubscribe": 2,
      "prompts-list": 2,
      "dns-rebinding-protection": 2,
      "server-session-lifecycle": 3,
      "server-sse-multiple-streams": 1,
    },
  },
] as const;

/**
 * Those that call tools which no product has: they run against this server with such tools beside its own
 * (`fixtures/`), and there nothing may fail.
 */
export const FIXTURES = [
  {
    revision: "2026-07-28",
    scenarios: {
      "server-stateless": 28,
      "tools-call-with-progress": 2,
      "tasks-lifecycle": 9,
      "tasks-capability-negotiation": 5,
      "tasks-wire-fields": 4,
      "tasks-request-state-removal": 3,
      "tasks-mrtr-input": 4,
      "tasks-request-headers": 5,
      "tasks-dispatch-and-envelope": 9,
      "tasks-required-task-error": 3,
      "tasks-mrtr-composition": 2,
    },
  },
  { revision: "2025-11-25", scenarios: { "tools-call-with-progress": 2 } },
] as const;

/** It makes no request, and skips its only check. */
export const EMPTY_TASKS_SCENARIO = "tasks-status-notifications";

/**
 * What the suite looks at in an authorization server: all of it, and how many checks of each scenario pass. Those of its
 * scenarios whose names begin with `auth/` are about clients, and we have none.
 */
export const AUTHORIZATION_REVISIONS = [
  // Documents that describe a client (CIMD) came with 2025-11-25.
  {
    revision: "2025-06-18",
    scenarios: { "authorization-server-metadata-endpoint": 1, "authorization-code-grant": 1 },
  },
  {
    revision: "2025-11-25",
    scenarios: { "authorization-server-metadata-endpoint": 2, "authorization-code-grant": 1 },
  },
  {
    revision: "2026-07-28",
    scenarios: { "authorization-server-metadata-endpoint": 2, "authorization-code-grant": 1 },
  },
] as const;
