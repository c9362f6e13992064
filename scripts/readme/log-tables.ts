import { DATA_POINT_BLOBS, DATA_POINT_DOUBLES, LOG_EVENTS, type LogEvent } from "../../src/log.ts";
import { markdownTable } from "../../src/tools/markdown-table.ts";

/** When each line is written. A new event does not compile until it is here. */
const EVENTS: Readonly<Record<LogEvent, string>> = {
  tool_call:
    "A tool was called. `outcome`: `ok`, one of the [error codes](#errors), or `unknown_tool`. `status` is what AceDataCloud answered, `limit` which limit was in the way.",
  upstream_request:
    "AceDataCloud was asked. `outcome`: `ok`, `status` (an error status), `timeout`, `unreachable` or `unreadable`.",
  alarm_round:
    "The object of an account looked at its tasks. `outcome` as above, or `crashed`; `tasks`: how many were due; `lost`: how many orders without an answer were looked for.",
  lost_order:
    "It is settled what became of an order whose answer never came, `duration_ms` after that was noticed. `outcome`: `found`, `never_arrived` (nothing was charged) or `unknown`, at `warn` (it may have been charged).",
  callback:
    "AceDataCloud rang. `outcome`: `rang`, `not_watched` (the task is over), `forged` (not an address of ours) or `closed` (nobody is to ring).",
  refused:
    "A request was answered with an error status, or a sign-in with an error. The account is there once somebody was let in. At `debug`: 404 for a path that is not ours.",
  signed_in: "Somebody signed in.",
  sign_in_declined: "Somebody said no at the identity provider.",
  sign_in_refused: "Somebody signed in at the identity provider who may not come in here.",
  sign_in_failed: "The identity provider's answer was not acceptable.",
  identity_provider_unreachable: "The identity provider did not answer.",
  client_document_unreachable: "The document that describes an app could not be fetched.",
  health_check: "`/health?deep=1` was answered; `outcome` is `ok` or an error code.",
  not_configured:
    "A request was answered 503, since the server is not configured. `problems`: how many things are wrong with the variables.",
  budget_unreachable: "The object that counts for all accounts could not be reached.",
  request_crashed: "A mistake of this server, or an object that broke; the answer has the `incident`.",
  announcement_failed: "A listener could not be told of a change.",
  stream_not_opened: "A stream could not be opened.",
  mcp_request_refused: "The protocol's SDK refused a message.",
};

const lines = new Map<string, { levels: readonly string[]; fields: readonly string[] }>(
  Object.entries(LOG_EVENTS),
);
function lineOf(event: string) {
  const line = lines.get(event);
  if (line === undefined) throw new Error(`there is no event ${event}`);
  return line;
}

const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(", ");

/** Every line of the log. */
export const logTable = (): string =>
  markdownTable(
    ["Event", "Level", "When", "Fields, beside `event` and `account`"],
    Object.entries(EVENTS).map(([event, when]) => {
      const { levels, fields } = lineOf(event);
      return [code([event]), code(levels), when, code(fields)];
    }),
  );

const blob = (name: (typeof DATA_POINT_BLOBS)[number]): string => `blob${DATA_POINT_BLOBS.indexOf(name) + 1}`;
const double = (name: (typeof DATA_POINT_DOUBLES)[number]): string =>
  `double${DATA_POINT_DOUBLES.indexOf(name) + 1}`;

/** The columns of a data point, and a question that can be asked of them. */
export const dataPoints = (): string => `${markdownTable(
  ["Column", "Field"],
  [
    ["`index1`", "`account`"],
    ...DATA_POINT_BLOBS.map((name) => [code([blob(name)]), code([name])]),
    ...DATA_POINT_DOUBLES.map((name) => [code([double(name)]), code([name])]),
  ],
)}

How the tools did in the last day:

\`\`\`sql
SELECT
  ${blob("tool")} AS tool,
  ${blob("outcome")} AS outcome,
  SUM(_sample_interval) AS calls,
  SUM(_sample_interval * ${double("duration_ms")}) / SUM(_sample_interval) AS mean_ms
FROM veo_mcp
WHERE ${blob("event")} = 'tool_call' AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY tool, outcome
ORDER BY calls DESC
\`\`\``;
